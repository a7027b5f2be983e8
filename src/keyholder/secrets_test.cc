#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cinttypes>
#include <cstdio>
#include <functional>
#include <optional>

#include "base/encoding.h"
#include "base/random.h"
#include "keyholder/descriptor.h"
#include "keyholder/fixture_test.h"

namespace kronborg::keyholder {
namespace {

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
// Sanitizers map terabytes of shadow memory, and keep freed memory as it was.

/// 32 bytes that are looked for, kept in another form, so that the search does not find itself.
class Needle {
 public:
  static constexpr std::uint8_t mask = 0x5c;

  explicit Needle(const std::array<std::uint8_t, 32>& masked) : masked_(masked) {}

  /// As bytes, or as lower-case hexadecimal digits.
  [[nodiscard]] bool at(std::span<const std::uint8_t> place) const {
    return as_bytes(place) || as_hex(place);
  }

 private:
  [[nodiscard]] bool as_bytes(std::span<const std::uint8_t> place) const {
    if (place.size() < masked_.size()) return false;
    for (std::size_t i = 0; i < masked_.size(); ++i) {
      if ((place[i] ^ mask) != masked_[i]) return false;
    }
    return true;
  }
  [[nodiscard]] bool as_hex(std::span<const std::uint8_t> place) const {
    constexpr std::string_view digits = "0123456789abcdef";
    if (place.size() < 2 * masked_.size()) return false;
    for (std::size_t i = 0; i < masked_.size(); ++i) {
      const auto byte = static_cast<std::uint8_t>(masked_[i] ^ mask);
      if (place[2 * i] != static_cast<std::uint8_t>(digits[byte >> 4U]) ||
          place[2 * i + 1] != static_cast<std::uint8_t>(digits[byte & 15U])) {
        return false;
      }
    }
    return true;
  }

  std::array<std::uint8_t, 32> masked_;
};

constexpr std::size_t window = 1UL << 20U;
constexpr std::size_t overlap = 64;

/// Occurrences in one mapping.
int count_between(int memory, std::uint64_t begin, std::uint64_t end, const Needle& needle) {
  static std::array<std::uint8_t, window> buffer;
  int found = 0;
  for (std::uint64_t at = begin; at < end; at += window - overlap) {
    const std::size_t size = std::min<std::uint64_t>(window, end - at);
    const ssize_t got = ::pread(memory, buffer.data(), size, static_cast<off_t>(at));
    if (got <= 0) continue;
    const std::span<const std::uint8_t> bytes(buffer.data(), static_cast<std::size_t>(got));
    const std::size_t last = at + size == end ? bytes.size() : window - overlap;
    for (std::size_t i = 0; i < std::min(last, bytes.size()); ++i) {
      if (needle.at(bytes.subspan(i))) ++found;
    }
    base::wipe(buffer.data(), buffer.size());
  }
  return found;
}

/// Occurrences in the memory of a process; nothing when it may not be read.
std::optional<int> count_in(const std::string& process, const Needle& needle) {
  const Descriptor memory(::open(("/proc/" + process + "/mem").c_str(), O_RDONLY | O_CLOEXEC));
  std::ifstream maps("/proc/" + process + "/maps");
  if (!memory.valid() || !maps) return std::nullopt;
  int found = 0;
  for (std::string line; std::getline(maps, line);) {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::array<char, 5> modes{};
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %4s", &begin, &end, modes.data()) != 3 ||
        modes[0] != 'r' || modes[1] != 'w') {
      continue;
    }
    found += count_between(memory.get(), begin, end, needle);
  }
  return found;
}

/// Reads a member of a JSON file in a process of its own, so that this one never sees it.
Needle needle_in(const std::filesystem::path& path, std::string_view pointer) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const Descriptor reader(ends[0]);
  const Descriptor writer(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto file = base::parse_json(content_of(path));
    if (!file) ::_exit(1);
    const auto key = base::hex_strict(file->at_pointer(pointer).as_string());
    std::array<std::uint8_t, 32> masked{};
    for (std::size_t i = 0; i < masked.size(); ++i) masked[i] = (*key)[i] ^ Needle::mask;
    ::_exit(::write(writer.get(), masked.data(), masked.size()) == 32 ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  std::array<std::uint8_t, 32> masked{};
  EXPECT_EQ(::read(reader.get(), masked.data(), masked.size()), 32);
  return Needle(masked);
}

TEST_F(KeyHolderTest, TheParentNeverSeesAKey) {
  ASSERT_TRUE(holder->create(KeystoreKind::file, {}, {}, false, test_time));
  ASSERT_TRUE(holder->lock());
  ASSERT_EQ(code_of(holder->unlock({})), "ok");
  ASSERT_TRUE(holder->keystore());
  ASSERT_TRUE(holder->sign(identity::Prefix::access, base::bytes_of("{}"), {}));
  ASSERT_TRUE(holder->rewrite_bundle("{}", test_time, {}));
  for (const std::string_view key : {"/plain/master", "/plain/device", "/plain/recovery/key"}) {
    EXPECT_EQ(count_in("self", needle_in(keystore(), key)), 0) << key;
  }
}

TEST(Needle, IsFoundWhereItIs) {
  base::SystemRandom random;
  std::array<std::uint8_t, 32> masked{};
  random.fill(masked);
  const Needle needle(masked);
  EXPECT_EQ(count_in("self", needle), 0);
  base::Bytes planted(32);
  for (std::size_t i = 0; i < planted.size(); ++i) planted[i] = masked[i] ^ Needle::mask;
  EXPECT_EQ(count_in("self", needle), 1);
  std::string hex = base::hex(planted);
  base::wipe(planted.data(), planted.size());
  EXPECT_GE(count_in("self", needle), 1);
  base::wipe(hex.data(), hex.size());
}

TEST_F(KeyHolderTest, TheHolderForgetsWhatItIsToldToForget) {
  ASSERT_TRUE(holder->create(KeystoreKind::file, {}, {}, false, test_time));
  const KeyRef agent{.kind = identity::KeyKind::agent, .agent = {.scope = "a1b2c3d4", .index = 1}};
  ASSERT_TRUE(holder->sign(identity::Prefix::access, base::bytes_of("{}"), agent));
  ASSERT_TRUE(holder->rewrite_bundle("{}", test_time, {}));
  const std::string pid = std::to_string(holder->process());
  const Needle master = needle_in(keystore(), "/plain/master");
  const auto unlocked = count_in(pid, master);
  if (!unlocked) GTEST_SKIP() << "not dumpable: only root may look into it";
  EXPECT_EQ(unlocked, 1) << "in its locked page, and nowhere else";
  ASSERT_TRUE(holder->lock());
  for (const std::string_view key : {"/plain/master", "/plain/device", "/plain/recovery/key"}) {
    EXPECT_EQ(count_in(pid, needle_in(keystore(), key)), 0) << key;
  }
}

#endif

}  // namespace
}  // namespace kronborg::keyholder
