// usage: bench_api_load mint SOCKET CLIENTS COUNT FILE
//        bench_api_load revoke SOCKET CLIENTS PORT VERIFIERS FILE
// mint: CLIENTS connections to the management API mint COUNT keys; FILE gets `ID KEY` per line.
// revoke: CLIENTS connections revoke each key of FILE, while VERIFIERS connections to the gate use
// those around the one that is being revoked. Then every key is tried once more.
// Both print one JSON object.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <random>
#include <utility>

#include "load_client.h"

namespace kronborg::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::string post(std::string_view path, std::string_view body) {
  return "POST /api/v1" + std::string(path) +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

/// The text of a member that has no escapes.
std::string_view member(std::string_view body, std::string_view name) {
  const auto start = '"' + std::string(name) + "\":\"";
  const auto at = body.find(start);
  if (at == std::string_view::npos) fail("an answer has no " + std::string(name));
  body.remove_prefix(at + start.size());
  return body.substr(0, body.find('"'));
}

void mint(const std::string& socket, int clients, std::size_t count, const char* path) {
  std::ofstream file(path);
  const std::string request = post("/access-keys", R"({"label":"bench","expires":"30d"})");
  std::size_t asked = 0;
  std::size_t minted = 0;
  Load load;
  const auto ask = [&](LoadConnection& connection) {
    if (asked == count) return;
    ++asked;
    connection.send(request);
  };
  const auto begin = Clock::now();
  for (int i = 0; i < clients; ++i) {
    ask(load.connect_unix(socket, [&](LoadConnection& own, int status, std::string_view body) {
      if (status != 201) fail("minting was answered with " + std::to_string(status));
      file << member(body, "id") << ' ' << member(body, "key") << '\n';
      ++minted;
      ask(own);
    }));
  }
  load.run([&] { return minted == count; });
  std::printf("{\"minted\": %zu, \"seconds\": %.6f}\n", minted, seconds_since(begin));
}

/// A key, and whether its revocation was acknowledged.
struct Victim {
  std::string id;
  std::string use;  ///< the request that uses it
  bool acknowledged = false;
};

class Revocations {
 public:
  Revocations(const char* path, int port) : port_(port) {
    std::ifstream file(path);
    std::string id;
    std::string key;
    while (file >> id >> key) {
      victims_.push_back({id,
                          "GET /gate/verify HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                              "\r\nAuthorization: Bearer " + key + "\r\n\r\n",
                          false});
    }
    if (victims_.empty()) fail("there is no key to revoke");
  }

  void run(const std::string& socket, int clients, int verifiers) {
    begin_ = Clock::now();
    for (int i = 0; i < verifiers; ++i) add_verifier();
    for (int i = 0; i < clients; ++i) add_revoker(socket);
    load_.run([this] { return micros_.size() == victims_.size(); });
    seconds_ = seconds_since(begin_);
    over_ = true;
    load_.run([this] { return verifying_ == 0; });
    try_all();
    print();
  }

 private:
  void add_revoker(const std::string& socket) {
    auto now = std::make_shared<std::pair<std::size_t, Clock::time_point>>();
    const auto ask = [this, now](LoadConnection& own) {
      if (next_ == victims_.size()) return;
      *now = {next_++, Clock::now()};
      own.send(post("/access-keys/" + victims_[now->first].id + "/revoke", "{}"));
    };
    ask(load_.connect_unix(
        socket, [this, now, ask](LoadConnection& own, int status, std::string_view body) {
          if (status != 200 || body.find("\"revoked\":1") == std::string_view::npos) {
            fail("revoking was answered with " + std::to_string(status) + ' ' + std::string(body));
          }
          victims_[now->first].acknowledged = true;
          micros_.push_back(seconds_since(now->second) * 1e6);
          ask(own);
        }));
  }

  void add_verifier() {
    auto must_deny = std::make_shared<bool>(false);
    const auto ask = [this, must_deny](LoadConnection& own) {
      // From a hundred before the newest one on the way to death to sixty after it.
      const std::size_t at = next_ + random_() % 160;
      const Victim& victim = victims_[std::clamp<std::size_t>(at, 100, victims_.size() + 99) - 100];
      *must_deny = victim.acknowledged;
      own.send(victim.use);
    };
    ++verifying_;
    ask(load_.connect_loopback(
        port_, [this, must_deny, ask](LoadConnection& own, int status, std::string_view) {
          count(status, *must_deny);
          if (over_) {
            --verifying_;
          } else {
            ask(own);
          }
        }));
  }

  void count(int status, bool must_deny) {
    if (status == 204) {
      ++(must_deny ? late_ : accepted_);
    } else if (status == 401) {
      ++denied_;
    } else {
      fail("verifying was answered with " + std::to_string(status));
    }
  }

  void try_all() {
    std::size_t at = 0;
    bool answered = false;
    Load load;
    auto& own = load.connect_loopback(port_, [&](LoadConnection&, int status, std::string_view) {
      if (status != 401) ++late_;
      answered = true;
    });
    for (; at < victims_.size(); ++at) {
      answered = false;
      own.send(victims_[at].use);
      load.run([&] { return answered; });
    }
  }

  void print() {
    std::ranges::sort(micros_);
    std::printf(
        "{\"revoked\": %zu, \"seconds\": %.6f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": "
        "%.1f, "
        "\"accepted\": %zu, \"denied\": %zu, \"accepted_after_acknowledgement\": %zu}\n",
        micros_.size(), seconds_, micros_[micros_.size() / 2], micros_[micros_.size() * 99 / 100],
        micros_.back(), accepted_, denied_, late_);
  }

  int port_;
  std::vector<Victim> victims_;
  Load load_;
  std::minstd_rand random_;
  Clock::time_point begin_;
  double seconds_ = 0;
  std::size_t next_ = 0;
  std::vector<double> micros_;
  bool over_ = false;
  std::size_t verifying_ = 0;
  std::size_t accepted_ = 0;
  std::size_t denied_ = 0;
  std::size_t late_ = 0;
};

}  // namespace
}  // namespace kronborg::bench

int main(int count, char** arguments) {
  using namespace kronborg::bench;
  const std::string verb = count > 1 ? arguments[1] : "";
  if (verb == "mint" && count == 6) {
    mint(arguments[2], std::stoi(arguments[3]), std::stoul(arguments[4]), arguments[5]);
  } else if (verb == "revoke" && count == 7) {
    Revocations(arguments[6], std::stoi(arguments[4]))
        .run(arguments[2], std::stoi(arguments[3]), std::stoi(arguments[5]));
  } else {
    std::fputs(
        "usage: bench_api_load mint SOCKET CLIENTS COUNT FILE\n"
        "       bench_api_load revoke SOCKET CLIENTS PORT VERIFIERS FILE\n",
        stderr);
    return 2;
  }
}
