#include "keyholder/confinement.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "keyholder/content.h"
#include "keyholder/descriptor.h"
#include "keyholder/fixture_test.h"
#include "keyholder/packet.h"
#include "keyholder/process.h"
#include "keyholder/protocol.h"

namespace kronborg::keyholder {
namespace {

/// The value of a line of /proc/<pid>/status or limits.
std::string line_of(pid_t pid, std::string_view file, std::string_view name) {
  const std::string text = content_of("/proc/" + std::to_string(pid) + "/" + std::string(file));
  const std::size_t begin = text.find("\n" + std::string(name));
  if (begin == std::string::npos) return "no such line";
  const std::size_t value = text.find_first_not_of(": \t", begin + 1 + name.size());
  return text.substr(value, text.find('\n', value) - value);
}

/// Waits for the end of any process, also of one that is not our child.
bool ends(int pidfd) {
  pollfd end{.fd = pidfd, .events = POLLIN, .revents = 0};
  return ::poll(&end, 1, 60'000) == 1;
}

TEST_F(KeyHolderTest, TheProcessHasGivenUpWhatItDoesNotNeed) {
  const pid_t pid = holder->process();
  EXPECT_EQ(line_of(pid, "status", "Seccomp"), "2");
  EXPECT_EQ(line_of(pid, "status", "NoNewPrivs"), "1");
  EXPECT_EQ(line_of(pid, "status", "Name"), "no such line") << "Name is the first line";
  EXPECT_TRUE(line_of(pid, "limits", "Max core file size").starts_with("0 "));
  const auto status = holder->status();
  ASSERT_TRUE(status);
  EXPECT_FALSE(status->dumpable);
  EXPECT_FALSE(status->core_files);
  EXPECT_TRUE(status->locked);
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)  // they lock nothing
  EXPECT_EQ(line_of(pid, "status", "VmLck") != "0 kB", status->memory != MemoryLock::none);
#endif
  if (::geteuid() == 0) EXPECT_EQ(status->memory, MemoryLock::all) << "root may lock all memory";
}

TEST_F(KeyHolderTest, TheProcessHasNoDescriptorBesideItsSocket) {
  const int leaked = ::open("/dev/null", O_RDONLY);  // without close-on-exec, on purpose
  start();
  std::error_code denied;
  const auto folder = "/proc/" + std::to_string(holder->process()) + "/fd";
  std::vector<std::string> targets;
  for (const auto& entry : std::filesystem::directory_iterator(folder, denied)) {
    targets.push_back(entry.path().filename().string() + " " +
                      std::filesystem::read_symlink(entry.path(), denied).string());
  }
  ::close(leaked);
  if (denied) GTEST_SKIP() << "not dumpable: only root may look at its descriptors";
  std::ranges::sort(targets);
  ASSERT_EQ(targets.size(), 4U);
  EXPECT_EQ(targets[0], "0 /dev/null");
  EXPECT_EQ(targets[1], "1 /dev/null");
  EXPECT_TRUE(targets[2].starts_with("2 "));
  EXPECT_TRUE(targets[3].starts_with("3 socket:"));
}

/// Runs it behind the filter.
void filtered(const std::function<void()>& what) {
  if (!filter_system_calls(3)) ::_exit(99);
  what();
  ::_exit(0);
}

TEST(SystemCallFilter, KillsAtOnceWhatIsNotOnTheList) {
  GTEST_FLAG_SET(death_test_style, "fast");
  const auto killed = testing::KilledBySignal(SIGSYS);
  EXPECT_EXIT(filtered([] {}), testing::ExitedWithCode(0), "") << "the filter itself kills nobody";
  EXPECT_EXIT(filtered([] { ::socket(AF_INET, SOCK_STREAM, 0); }), killed, "");
  EXPECT_EXIT(filtered([] { ::socket(AF_UNIX, SOCK_STREAM, 0); }), killed, "");
  EXPECT_EXIT(filtered([] { ::connect(3, nullptr, 0); }), killed, "");
  EXPECT_EXIT(filtered([] { ::execl("/bin/true", "true", nullptr); }), killed, "");
  EXPECT_EXIT(filtered([] { ::fork(); }), killed, "");
  EXPECT_EXIT(filtered([] { ::kill(1, 0); }), killed, "");
  EXPECT_EXIT(filtered([] { ::unlink("/nonexistent"); }), killed, "");
  EXPECT_EXIT(filtered([] { ::send(4, "x", 1, 0); }), killed, "");
  EXPECT_EXIT(filtered([] {
                msghdr empty{};
                ::sendmsg(4, &empty, 0);
              }),
              killed, "")
      << "messages go to its own socket only";
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
  EXPECT_EXIT(filtered([] { ::open("/dev/null", O_RDONLY); }), killed, "");
  EXPECT_EXIT(filtered([] {
                ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              }),
              killed, "")
      << "no new code";
#endif
}

TEST_F(KeyHolderTest, AHolderThatDiesIsLockedAndSaysSo) {
  unlock_alice();
  const Descriptor watch = watch_process(holder->process());
  ASSERT_EQ(::kill(holder->process(), SIGKILL), 0);
  ASSERT_TRUE(ends(watch.get()));
  EXPECT_TRUE(holder->locked()) << "even before anything was asked";
  const auto signature = holder->sign(identity::Prefix::access, {}, {});
  EXPECT_EQ(code_of(signature), "keyholder_failed");
  EXPECT_NE(signature.error().message.find("signal 9"), std::string::npos)
      << signature.error().message;
  EXPECT_TRUE(holder->locked());
  EXPECT_EQ(code_of(holder->unlock({})), "keyholder_failed");
  EXPECT_EQ(code_of(holder->lock()), "keyholder_failed");
  EXPECT_EQ(code_of(holder->status()), "keyholder_failed");
  EXPECT_EQ(code_of(holder->keystore()), "keyholder_failed");
  const std::string before = content_of(keystore());
  EXPECT_EQ(code_of(holder->create(KeystoreKind::file, {}, {}, true, test_time)),
            "keyholder_failed");
  EXPECT_EQ(content_of(keystore()), before);
  EXPECT_EQ(names_in(data_folder()), std::vector<std::string>{"keystore.json"});
}

TEST_F(KeyHolderTest, SignalsOfATerminalDoNotReachIt) {
  unlock_alice();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    ASSERT_EQ(::kill(holder->process(), signal), 0);
  }
  EXPECT_EQ(holder->address({})->text(), alice_address);
}

TEST(KeyHolderSpawn, AProgramThatIsNoHolderIsAnError) {
  for (const char* const executable : {"/bin/true", "/nonexistent/kronborg", "/dev/null"}) {
    const auto spawned = KeyHolder::spawn(
        {.data_folder = "/nonexistent", .executable = executable, .delay = [](int) {}});
    EXPECT_EQ(code_of(spawned), "keyholder_failed") << executable;
  }
}

/// A request as bytes, from a parent that is not ours.
void expect_fatal(const Packet& packet, std::span<const int> descriptors) {
  auto process = HolderProcess::start(KRONBORG_KEY_HOLDER_CHILD);
  ASSERT_TRUE(process);
  ASSERT_TRUE(send_packet(process->socket(), packet, descriptors));
  const auto answer = receive_packet(process->socket(), 60'000);
  ASSERT_TRUE(answer);
  EXPECT_FALSE(*answer) << "it answered";
}

TEST(KeyHolderProcess, AMalformedMessageIsItsEnd) {
  Packet nonsense;
  nonsense.append(base::bytes_of("hello"));
  expect_fatal(nonsense, {});
  const int fd = STDERR_FILENO;
  expect_fatal(encode(StatusRequest{}), {&fd, 1});
  expect_fatal(encode(UnlockRequest{}), {});
}

TEST(KeyHolderProcess, EndsWithItsParent) {
  TemporaryFolder folder;
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(::pipe2(pipe_ends.data(), O_CLOEXEC), 0);
  const Descriptor reader(pipe_ends[0]);
  Descriptor writer(pipe_ends[1]);
  const pid_t parent = ::fork();
  ASSERT_GE(parent, 0);
  if (parent == 0) {
    const auto spawned = KeyHolder::spawn({.data_folder = folder.path(),
                                           .executable = KRONBORG_KEY_HOLDER_CHILD,
                                           .delay = [](int) {}});
    const pid_t pid = spawned ? (*spawned)->process() : 0;
    if (::write(writer.get(), &pid, sizeof pid) != sizeof pid) ::_exit(1);
    for (;;) ::pause();
  }
  writer.close();
  pid_t pid = 0;
  ASSERT_EQ(::read(reader.get(), &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
  ASSERT_GT(pid, 0);
  const Descriptor watch = watch_process(pid);
  ASSERT_TRUE(watch.valid());
  ASSERT_EQ(::kill(parent, SIGKILL), 0);
  EXPECT_TRUE(ends(watch.get()));
  ::waitpid(parent, nullptr, 0);
}

}  // namespace
}  // namespace kronborg::keyholder
