// usage: bench_space_load messages PORT FILE COUNT        COUNT messages by all keys of FILE at
// once
//        bench_space_load creations PORT COUNT SECONDS    spaces that end after 60 s
// FILE: lines of `SPACE KEY KEYID`. Prints JSON: one line at the end, for creations one per window
// of 2 s, with what a reader of one space sees meanwhile.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "load_client.h"

namespace {

using Clock = std::chrono::steady_clock;
using kronborg::bench::fail;
using kronborg::bench::Load;
using kronborg::bench::LoadConnection;

double micros_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
}

/// Sorts.
double percentile(std::vector<double>& values, std::size_t percent) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[std::min(values.size() - 1, values.size() * percent / 100)];
}

std::string post(int port, const std::string& path, const std::string& key,
                 const std::string& body) {
  std::string text = "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port);
  if (!key.empty()) text += "\r\nX-Private-Key: " + key;
  return text +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::string member(std::string_view body, const std::string& name) {
  const std::string mark = "\"" + name + "\":\"";
  const auto at = body.find(mark);
  if (at == std::string_view::npos) fail("an answer without " + name);
  return std::string(
      body.substr(at + mark.size(), body.find('"', at + mark.size()) - at - mark.size()));
}

struct Writer {
  std::string request;
  Clock::time_point sent;
};

void write_messages(int port, const char* file, int count) {
  const std::string body = R"({"content":"Forty-eight bytes of text for everybody here."})";
  std::vector<Writer> writers;
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    std::string space, key;
    std::istringstream(line) >> space >> key;
    writers.push_back(
        {.request = post(port, "/oresundspace/space/" + space + "/messages", key, body),
         .sent = {}});
  }
  Load load;
  std::vector<double> taken;
  int sent = 0;
  const auto begin = Clock::now();
  const auto send = [&](LoadConnection& connection, Writer& writer) {
    if (sent == count) return;
    ++sent;
    writer.sent = Clock::now();
    connection.send(writer.request);
  };
  for (Writer& writer : writers) {
    const auto answered = [&](LoadConnection& connection, int status, std::string_view answer) {
      if (status != 200) fail("a message was refused: " + std::string(answer));
      taken.push_back(micros_since(writer.sent));
      send(connection, writer);
    };
    send(load.connect_loopback(port, answered), writer);
  }
  load.run([&] { return taken.size() == static_cast<std::size_t>(count); });
  const double seconds = micros_since(begin) / 1e6;
  std::printf("{\"sent\":%d,\"seconds\":%.6f,\"p50_us\":%.1f,\"p99_us\":%.1f}\n", count, seconds,
              percentile(taken, 50), percentile(taken, 99));
}

/// Anonymous creations, and one reader whose space stays.
class Creations {
 public:
  Creations(int port, int count, double seconds) : port_(port), count_(count), seconds_(seconds) {}

  void run() {
    const std::string body = R"({"name":"bench","privacy":"private"})";
    auto& reader = load_.connect_loopback(
        port_, [this](auto& connection, int status, auto text) { read(connection, status, text); });
    reader.send(post(port_, "/oresundspace/space", "", body));
    for (int i = 0; i < connections; ++i) {
      auto& made = load_.connect_loopback(
          port_, [this](auto& connection, int status, auto) { created(connection, status); });
      made.send(creation_);
    }
    load_.run([this] { return tick(); });
  }

 private:
  static constexpr int connections = 16;

  void created(LoadConnection& connection, int status) {
    ++(status == 200 ? made_ : refused_);
    if (status != 200) last_refusal_ = status;
    connection.send(creation_);
  }

  void read(LoadConnection& connection, int status, std::string_view body) {
    if (status != 200) fail("the reader was refused: " + std::string(body));
    if (request_.empty()) {
      request_ = "GET /oresundspace/space/" + member(body, "spaceId") +
                 "/messages HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) +
                 "\r\nX-Private-Key: " + member(body, "ownerPrivateKey") + "\r\n\r\n";
    } else {
      taken_.push_back(micros_since(sent_));
    }
    sent_ = Clock::now();
    connection.send(request_);
  }

  bool tick() {
    const double now = micros_since(begin_) / 1e6;
    const bool over = made_ >= count_ || now >= seconds_;
    if (now - told_ < 2 && !over) return false;
    const double p50 = percentile(taken_, 50);
    std::printf(
        "{\"at\":%.1f,\"made\":%d,\"refused\":%d,\"status\":%d,\"p50_us\":%.0f,"
        "\"p99_us\":%.0f,\"reads\":%zu}\n",
        now, made_, refused_, last_refusal_, p50, percentile(taken_, 99), taken_.size());
    std::fflush(stdout);
    taken_.clear();
    told_ = now;
    return over;
  }

  int port_;
  int count_;
  double seconds_;
  Load load_;
  std::string creation_ =
      post(port_, "/oresundspace/space", "", R"({"name":"bench","ttl":60,"retentionDays":0})");
  std::string request_;
  Clock::time_point begin_ = Clock::now(), sent_;
  std::vector<double> taken_;
  double told_ = 0;
  int made_ = 0, refused_ = 0, last_refusal_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
  const std::string task = count == 5 ? arguments[1] : "";
  if (task == "messages") {
    write_messages(std::atoi(arguments[2]), arguments[3], std::atoi(arguments[4]));
  } else if (task == "creations") {
    Creations(std::atoi(arguments[2]), std::atoi(arguments[3]), std::atof(arguments[4])).run();
  } else {
    std::fputs("usage: bench_space_load messages PORT FILE COUNT | creations PORT COUNT SECONDS\n",
               stderr);
    return 2;
  }
}
