#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/json_members.h"
#include "cli/commands.h"
#include "cli/host_channel.h"
#include "cli/space_link.h"
#include "cli/space_text.h"
#include "cli/stored_hosts.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

constexpr std::size_t most_data_bytes = std::size_t{32} << 20U;
constexpr std::chrono::seconds patience{600};
constexpr std::string_view usual_accept = "application/json, text/event-stream;q=0.9, */*;q=0.8";

struct RequestOptions {
  std::string method, url;
  std::optional<std::string> as, data;
};

/// A URL in its two parts.
struct Place {
  HostAddress host;
  std::string target;  ///< path and query

  [[nodiscard]] std::string_view path() const {
    return std::string_view(target).substr(0, target.find('?'));
  }
};

struct Sending {
  std::string method;
  Place place;
  std::string body;
  std::string content_type;  ///< empty: there is no body
};

/// What came back; a streamed body is on standard output already.
struct Came {
  int status = 0;
  std::string content_type;
  std::string body;
  bool printed = false;
};

Result<Place> read_url(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) {
    return Error(Code::usage, "a request needs a whole URL", "write http://HOST:PORT/path");
  }
  const std::size_t from = url.find_first_of("/?#", scheme + 3);
  TRY(auto host, read_host_address(url.substr(0, from)));
  std::string_view target =
      from == std::string_view::npos ? std::string_view("/") : url.substr(from);
  target = target.substr(0, target.find('#'));
  const bool plain = std::ranges::none_of(target, [](char c) { return c <= 0x20 || c >= 0x7F; });
  if (!plain) {
    return Error(Code::usage, "the URL holds characters that have to be percent-encoded",
                 "write %20 for a space");
  }
  std::string whole(target);
  if (!whole.starts_with('/')) whole.insert(0, "/");
  return Place{.host = std::move(host), .target = std::move(whole)};
}

/// `@file`, `-` for standard input, or the text itself.
Result<std::string> read_data(const std::string& given) {
  if (given == "-") return read_input("-", most_data_bytes);
  if (given.starts_with('@')) return read_input(given.substr(1), most_data_bytes);
  return given;
}

Result<Sending> read_request(const RequestOptions& options) {
  Sending sending;
  sending.method = options.method;
  for (char& c : sending.method) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  TRY(sending.place, read_url(options.url));
  if (!options.data) return sending;
  TRY(sending.body, read_data(*options.data));
  const bool is_json =
      base::parse_json(sending.body, {.members = 1U << 16U, .items = 1U << 20U}).has_value();
  sending.content_type = is_json ? "application/json" : "application/octet-stream";
  return sending;
}

/// Straight to the descriptor: what came is shown at once.
bool print_now(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// The stored key that is meant; nothing: there is none for this host, or `--as` names none of
/// them.
Result<std::optional<StoredHost>> stored_key(const Context& context, const RequestOptions& options,
                                             const HostAddress& host) {
  TRY(const auto folder, context.folder());
  TRY(auto keys, keys_for_host(folder, host.name()));
  std::erase_if(keys, [&](const StoredHost& key) {
    return options.as && key.agent_name != *options.as && key.agent_id != *options.as &&
           identity::Address::parse(*options.as) != key.agent;
  });
  if (keys.empty()) return std::optional<StoredHost>();
  if (keys.size() > 1) {
    std::vector<std::string> names;
    for (const auto& key : keys) names.push_back(key.agent.text());
    return Error(Code::usage, "this machine has keys for several agents of this host",
                 fmt::format("say which with --as: {}", fmt::join(names, ", ")));
  }
  return std::optional(std::move(keys.front()));
}

/// A token for exactly this request, by the master or by an agent of this machine.
Result<base::SecretText> signed_token(Context& context, const RequestOptions& options,
                                      const Sending& sending) {
  json::object asked{{"method", sending.method},
                     {"path", sending.place.path()},
                     {"audience", sending.place.host.name()}};
  if (options.as) {
    TRY(const auto agent, context.call("GET", "/api/v1/agents/" + segment(*options.as)));
    asked["agentId"] = text_of(agent.value, "id");
  }
  TRY(auto made, context.call("POST", "/api/v1/request-tokens", asked));
  base::SecretText token(raw_of(made.value, "token"));
  base::wipe_texts(made.value);
  base::wipe(made.body.data(), made.body.size());
  return token;
}

Result<Came> send_plain(const Context& context, const Sending& sending,
                        const base::SecretText& credential) {
  http::FetchRequest request{.method = sending.method,
                             .target = sending.place.target,
                             .fields = {{"Accept", std::string(usual_accept)}},
                             .body = sending.body,
                             .patience = patience,
                             .whole = patience};
  if (!sending.content_type.empty()) {
    request.fields.emplace_back("Content-Type", sending.content_type);
  }
  request.fields.emplace_back("Authorization", "Bearer " + std::string(credential.reveal()));
  Came came;
  const http::FetchSink print = [&](std::string_view bytes) {
    came.printed = true;
    return print_now(bytes);
  };
  auto answer =
      http::fetch(sending.place.host.at, request, context.json ? http::FetchSink() : print);
  for (auto& [name, value] : request.fields) base::wipe(value.data(), value.size());
  if (!answer) return answer.error();
  came.status = answer->status;
  came.content_type = answer->content_type;
  came.body = std::move(answer->body);
  return came;
}

Result<Came> send_sealed(const Context& context, const Sending& sending, const StoredHost& key) {
  const base::SystemClock clock;
  base::SystemRandom random;
  HostChannel channel(sending.place.host, key.agent, clock, random);
  channel::InnerRequest inner;
  inner.method = sending.method;
  inner.target = sending.place.target;
  inner.accept = std::string(usual_accept);
  inner.authorization.emplace("Bearer " + std::string(key.key.reveal()));
  if (!sending.content_type.empty()) {
    inner.content_type = sending.content_type;
    inner.body.emplace(sending.body);
  }
  Came came;
  TRY(const auto answer, channel.ask(inner, [&](std::string_view bytes) {
    if (context.json) {
      came.body.append(bytes);
      return came.body.size() <= most_data_bytes;
    }
    came.printed = true;
    return print_now(bytes);
  }));
  came.status = answer.status;
  if (answer.streamed) return came;
  came.content_type = answer.content_type;
  came.body = std::string(answer.body.reveal());
  return came;
}

Result<Came> send(Context& context, const RequestOptions& options) {
  TRY(const auto sending, read_request(options));
  TRY(const auto key, stored_key(context, options, sending.place.host));
  if (!key) {
    TRY(const auto token, signed_token(context, options, sending));
    return send_plain(context, sending, token);
  }
  if (sending.place.host.at.tls) return send_plain(context, sending, key->key);
  if (key->channel) return send_sealed(context, sending, *key);
  if (is_this_machine(sending.place.host.url)) return send_plain(context, sending, key->key);
  return Error(Code::channel_unsupported);
}

/// What a refusal means for the exit code; a key that has ended is to be had anew.
Error refused(const Came& came, const RequestOptions& options) {
  Error error = refusal_of_host(came.status, came.body);
  if (error.code == Code::key_revoked || error.code == Code::key_expired) {
    const auto place = read_url(options.url);
    error.hint = fmt::format("pair again: kronborg connect {}", place ? place->host.url : "");
  }
  return error;
}

int run(Context& context, const RequestOptions& options) {
  const auto came = send(context, options);
  if (!came) return context.fail(came.error());
  if (context.json) {
    json::object value{{"status", came->status}, {"contentType", came->content_type}};
    auto parsed = base::parse_json(came->body, {.members = 1U << 16U, .items = 1U << 20U});
    if (parsed) {
      value["body"] = *std::move(parsed);
    } else {
      value["body"] = came->body;
    }
    fmt::print("{}\n", base::to_text(value));
  } else if (!came->printed) {
    print_now(came->body);
    if (::isatty(STDOUT_FILENO) != 0 && !came->body.ends_with('\n')) print_now("\n");
  }
  if (came->status < 400) return done;
  return context.fail(refused(*came, options));
}

}  // namespace

void add_request_command(const Shell& shell) {
  auto& context = shell.context;
  auto options = std::make_shared<RequestOptions>();
  auto* command = shell.verb(
      "request",
      "ask another host: with the key that it gave this machine, through its Secure Channel, or "
      "signed by this machine",
      "kronborg request POST http://192.0.2.7:1337/v1/chat/completions --data @question.json",
      [&context, options] { return run(context, *options); });
  command->add_option("method", options->method, "GET, POST, …")->required();
  command->add_option("url", options->url, "where to")->required();
  command->add_option(
      "--as", options->as,
      "whose key, where the host gave several; without a key of the host: the agent "
      "of this machine that signs");
  command->add_option("--data", options->data, "the body; @FILE: from a file, -: standard input");
}

}  // namespace kronborg::cli
