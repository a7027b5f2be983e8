#include "cross/peer.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace kronborg::cross {

namespace {

int asked_rounds() {
  constexpr int usual = 200;
  const char* const given = std::getenv("KRONBORG_ROUNDS");
  return given == nullptr ? usual : std::max(1, std::atoi(given));
}

}  // namespace

const int rounds = asked_rounds();

Peer* CrossTest::peer_ = nullptr;

Peer::Peer() {
  std::array<int, 2> to{}, from{};
  if (::pipe2(to.data(), O_CLOEXEC) != 0 || ::pipe2(from.data(), O_CLOEXEC) != 0) std::abort();
  child_ = ::fork();
  if (child_ == 0) {
    ::dup2(to[0], STDIN_FILENO);
    ::dup2(from[1], STDOUT_FILENO);
    ::execlp("node", "node", KRONBORG_PEER, nullptr);
    ::_exit(127);
  }
  ::close(to[0]);
  ::close(from[1]);
  to_ = to[1];
  from_ = from[0];
}

Peer::~Peer() {
  ::close(to_);
  ::close(from_);
  int status = 0;
  ::waitpid(child_, &status, 0);
}

std::string Peer::read_line() {
  while (true) {
    const auto end = read_.find('\n');
    if (end != std::string::npos) {
      std::string line = read_.substr(0, end);
      read_.erase(0, end + 1);
      return line;
    }
    std::array<char, 65'536> buffer{};
    const auto got = ::read(from_, buffer.data(), buffer.size());
    if (got <= 0) return {};
    read_.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

json::object Peer::exchange(std::string_view what, json::object members) {
  members["id"] = ++asked_;
  members["do"] = what;
  const std::string line = base::to_text(members) + "\n";
  for (std::string_view left = line; !left.empty();) {
    const auto written = ::write(to_, left.data(), left.size());
    if (written <= 0) break;
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  auto answer = base::parse_json(read_line(), {.depth = 32, .members = 10'000, .items = 10'000});
  if (!answer || !answer->is_object() || answer->as_object().at("id") != asked_) {
    ADD_FAILURE() << "the peer did not answer " << what;
    return {};
  }
  return std::move(answer->as_object());
}

json::object Peer::ask(std::string_view what, json::object members) {
  auto answer = exchange(what, std::move(members));
  auto* const done = answer.if_contains("ok");
  if (done == nullptr || !done->is_object()) {
    ADD_FAILURE() << what << ": " << base::to_text(answer);
    return {};
  }
  return std::move(done->as_object());
}

std::string Peer::refusal(std::string_view what, json::object members) {
  const auto answer = exchange(what, std::move(members));
  const auto* const error = answer.if_contains("error");
  return error == nullptr ? std::string() : std::string(error->as_string());
}

void CrossTest::SetUpTestSuite() { peer_ = new Peer; }
void CrossTest::TearDownTestSuite() { delete std::exchange(peer_, nullptr); }

CrossTest::CrossTest() {
  std::uint64_t seed = std::random_device{}();
  if (const char* const given = std::getenv("KRONBORG_SEED"))
    seed = std::strtoull(given, nullptr, 10);
  RecordProperty("seed", std::to_string(seed));
  chance_.seed(seed);
  // KRONBORG_SEED repeats a run.
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
}

base::Bytes CrossTest::bytes(std::size_t count) {
  base::Bytes out(count);
  for (auto& byte : out) byte = static_cast<std::uint8_t>(chance_());
  return out;
}

std::string CrossTest::name(std::size_t most) {
  static constexpr std::array<std::string_view, 12> letters{"a",  "Z", "9", " ", "-",  "\"",
                                                            "\\", "/", "ø", "é", "海", "🏰"};
  const std::size_t count = 1 + below(most);
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    std::string_view letter = letters[below(letters.size())];
    // Names begin and end with something that is no white space.
    if ((i == 0 || i + 1 == count) && letter == " ") letter = "x";
    text += letter;
  }
  return text;
}

std::string text_in(const json::object& object, std::string_view name) {
  const auto* const member = object.if_contains(name);
  const auto* const text = member == nullptr ? nullptr : member->if_string();
  EXPECT_NE(text, nullptr) << "no text in " << name << ": " << base::to_text(object);
  return text == nullptr ? std::string() : std::string(*text);
}

}  // namespace kronborg::cross
