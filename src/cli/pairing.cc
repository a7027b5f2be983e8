#include <fmt/format.h>

#include <set>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/prompt.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

constexpr std::string_view list_path = "/api/v1/pairing-requests";

struct PairingOptions {
  std::string id;
  std::optional<std::string> label;
  bool remember = false;
};

/// Requests live in the memory of the server.
Result<void> need_server(Context& context) {
  if (context.server_runs()) return {};
  return Error(Code::server_unreachable, "no server is running, so nobody can ask to pair",
               "start it with 'kronborg serve --expose'");
}

/// Names come from others.
std::string shown(const json::value& request, std::string_view member) {
  return base::printable(text_of(request, member), 80);
}

void print_request(const json::value& request) {
  Facts facts;
  facts.add("request", text_of(request, "id"));
  facts.add("agent", shown(request, "agentName") + "  " + text_of(request, "agentAddress"));
  facts.add("connector", text_of(request, "connectorAddress") +
                             (flag_of(request, "knownConnector") ? "  (holds a key already)" : ""));
  facts.add("its words", text_of(request, "fingerprint"));
  facts.add("from", shown(request, "sourceAddress"));
  facts.add("asked", date_of(request, "receivedAt") + ", until " + date_of(request, "expiresAt"));
  if (const auto words = text_of(request, "sas"); !words.empty()) {
    facts.add("compare", bold(words) + "  (the other screen must show the same three words)");
  } else {
    facts.add("compare",
              "Words cannot be compared for this request. Compare the connector's address.\n"
              "On a network that you do not trust, use 'kronborg pair code' instead.");
  }
  if (!flag_of(request, "encrypted")) facts.add("warning", "The key will be sent unencrypted");
  facts.print();
}

int list(Context& context) {
  if (const auto there = need_server(context); !there) return context.fail(there.error());
  const auto requests = context.all_of(list_path, "pairingRequests");
  if (!requests) return context.fail(requests.error());
  return context.show(json::object{{"pairingRequests", *requests}}, [&] {
    if (requests->empty()) fmt::print(stderr, "nobody is waiting\n");
    for (const auto& request : *requests) {
      print_request(request);
      fmt::print("\n");
    }
  });
}

Result<Reply> decide(Context& context, const PairingOptions& options, std::string_view verb) {
  json::object body;
  if (options.remember) body["remember"] = true;
  if (options.label) body["label"] = *options.label;
  return context.call("POST", fmt::format("{}/{}/{}", list_path, segment(options.id), verb), body);
}

int approve(Context& context, const PairingOptions& options) {
  if (const auto there = need_server(context); !there) return context.fail(there.error());
  const auto reply = decide(context, options, "approve");
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value, [&] {
    fmt::print("{} receives a key for {} {}\n", text_of(reply->value, "connectorAddress"),
               shown(reply->value, "agentName"),
               options.remember ? "that never expires" : "for 90 days");
  });
}

int deny(Context& context, const PairingOptions& options) {
  if (const auto there = need_server(context); !there) return context.fail(there.error());
  const auto reply = decide(context, options, "deny");
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value, [&] {
    fmt::print("{} was sent away\n", text_of(reply->value, "connectorAddress"));
  });
}

/// Each request that waits, once; asks what to do on a terminal.
class Watch {
 public:
  explicit Watch(Context& context) : context_(context) {}

  Result<void> look() {
    TRY(const auto requests, context_.all_of(list_path, "pairingRequests"));
    for (const auto& request : requests) {
      if (seen_.insert(text_of(request, "id")).second) meet(request);
    }
    return {};
  }

 private:
  void meet(const json::value& request) {
    if (context_.json) {
      fmt::print("{}\n", base::to_text(request));
      std::fflush(stdout);
      return;
    }
    print_request(request);
    std::fflush(stdout);
    if (is_interactive()) {
      ask(request);
    } else {
      fmt::print("kronborg pairing approve {0}\nkronborg pairing deny {0}\n\n",
                 text_of(request, "id"));
      std::fflush(stdout);
    }
  }

  /// Nothing is approved by Return alone: every answer is a word.
  void ask(const json::value& request) {
    PairingOptions options{.id = text_of(request, "id"), .label = {}};
    for (;;) {
      const auto answer = read_line("approve, deny, remember (approve for good) or later",
                                    "kronborg pairing approve");
      if (!answer || *answer == "later") return;
      options.remember = *answer == "remember";
      if (*answer != "approve" && *answer != "remember" && *answer != "deny") continue;
      const bool denied = *answer == "deny";
      const auto reply = decide(context_, options, denied ? "deny" : "approve");
      if (!reply) {
        print_error(reply.error());
      } else {
        fmt::print(stderr, "{}\n\n", denied ? "denied" : "approved");
      }
      return;
    }
  }

  Context& context_;
  std::set<std::string> seen_;
};

int watch(Context& context) {
  if (const auto there = need_server(context); !there) return context.fail(there.error());
  auto client = context.client();
  if (!client) return context.fail(client.error());
  Watch watching(context);
  if (!context.json) fmt::print(stderr, "waiting for pairing requests, Ctrl-C ends it\n");
  std::optional<Error> failed;
  // The first line comes when the stream has begun: what asked before is in the list by then.
  bool begun = false;
  const auto followed = (*client)->follow("/api/v1/events", [&](std::string_view line) {
    if (begun && line != "event: pairing") return true;
    begun = true;
    if (const auto looked = watching.look(); !looked) failed = looked.error();
    return !failed;
  });
  if (failed) return context.fail(*failed);
  return followed ? static_cast<int>(done) : context.fail(followed.error());
}

}  // namespace

void add_pairing_commands(const Shell& shell) {
  const auto noun = shell.noun("pairing", "machines that ask for a key, and your answer");
  auto& context = shell.context;
  auto options = std::make_shared<PairingOptions>();
  noun.verb("watch", "show each request as it comes and ask what to do", "kronborg pairing watch",
            [&context] { return watch(context); });
  noun.verb("list", "list the requests that wait", "kronborg pairing list",
            [&context] { return list(context); });
  auto* approval = noun.verb(
      "approve", "give the connector a key for the agent",
      "kronborg pairing approve 6f1c0c2e-9a52-4f0e-8c3b-2f0a4d9b7e11 --label 'the laptop'",
      [&context, options] { return approve(context, *options); });
  approval->add_option("id", options->id, "of the request")->required();
  approval->add_flag("--remember", options->remember, "the key never expires; else 90 days");
  approval->add_option("--label", options->label, "what the key is called in the list");
  noun.verb("deny", "send the connector away",
            "kronborg pairing deny 6f1c0c2e-9a52-4f0e-8c3b-2f0a4d9b7e11",
            [&context, options] { return deny(context, *options); })
      ->add_option("id", options->id, "of the request")
      ->required();
}

}  // namespace kronborg::cli
