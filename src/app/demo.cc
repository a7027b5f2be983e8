#include "app/demo.h"

#include <fmt/format.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "base/json.h"

namespace kronborg::app {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::size_t demo_body_limit_bytes = 4U << 20U;
constexpr std::chrono::milliseconds slow_word_time{100};

http::Answer json_answer(int status, const json::value& body) {
  http::Answer answer;
  answer.status = status;
  answer.body = base::to_text(body);
  return answer;
}

http::Answer refusal(int status, std::string_view code, std::string_view message) {
  return json_answer(status, json::object{{"error", json::object{{"message", message},
                                                                 {"type", "invalid_request_error"},
                                                                 {"code", code}}}});
}

json::object model(std::string_view id) {
  return {{"id", id}, {"object", "model"}, {"created", 1767225600}, {"owned_by", "kronborg-demo"}};
}

/// Text of one message: a string, or an array of parts of type text.
std::string text_of(const json::value& content) {
  if (const auto* text = content.if_string()) return std::string(*text);
  std::string joined;
  if (const auto* parts = content.if_array()) {
    for (const auto& part : *parts) {
      const auto* object = part.if_object();
      const auto* text = object == nullptr ? nullptr : object->if_contains("text");
      if (text != nullptr && text->is_string()) joined += std::string(text->get_string());
    }
  }
  return joined;
}

struct ChatRequest {
  std::string model = "echo";
  std::string said;
  bool stream = false;
  bool stream_usage = false;
};

base::Result<ChatRequest> read_chat(std::string_view body) {
  TRY(auto value, base::parse_json(body));
  const auto* object = value.if_object();
  const auto* messages = object == nullptr ? nullptr : object->if_contains("messages");
  if (messages == nullptr || !messages->is_array()) return base::Code::missing_member;
  ChatRequest chat;
  if (const auto* name = object->if_contains("model"); name != nullptr && name->is_string()) {
    chat.model = std::string(name->get_string());
  }
  if (const auto* stream = object->if_contains("stream"); stream != nullptr && stream->is_bool()) {
    chat.stream = stream->get_bool();
  }
  if (const auto* options = object->if_contains("stream_options");
      options != nullptr && options->is_object()) {
    const auto* usage = options->get_object().if_contains("include_usage");
    chat.stream_usage = usage != nullptr && usage->is_bool() && usage->get_bool();
  }
  for (const auto& message : messages->get_array()) {
    const auto* fields = message.if_object();
    const auto* role = fields == nullptr ? nullptr : fields->if_contains("role");
    const auto* content = fields == nullptr ? nullptr : fields->if_contains("content");
    if (role != nullptr && content != nullptr && *role == "user") chat.said = text_of(*content);
  }
  return chat;
}

/// The text cut behind each run of spaces: what a model would send word by word.
std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    auto end = text.find(' ');
    end = end == std::string_view::npos ? text.size() : text.find_first_not_of(' ', end);
    if (end == std::string_view::npos) end = text.size();
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

class Demo final : public http::Service {
 public:
  Demo(const base::Clock& clock, base::Random& random, asio::io_context& loop)
      : clock_(clock), random_(random), loop_(loop) {}

  bool answer_now(http::Exchange& exchange) override {
    const auto& request = exchange.request();
    if (request.method != "GET" && request.method != "HEAD") return false;
    const auto path = without_v1(request.path);
    if (path == "/" || path == "/health") {
      exchange.respond(
          json_answer(200, json::object{{"status", "ok"}, {"upstream", "kronborg demo"}}));
    } else if (path == "/models") {
      exchange.respond(
          json_answer(200, json::object{{"object", "list"},
                                        {"data", json::array{model("echo"), model("echo-slow")}}}));
    } else if (path == "/models/echo" || path == "/models/echo-slow") {
      exchange.respond(json_answer(200, model(path.substr(8))));
    } else {
      exchange.respond(not_here());
    }
    return true;
  }

  asio::awaitable<void> answer(http::Exchange& exchange) override {
    if (without_v1(exchange.request().path) != "/chat/completions" ||
        exchange.request().method != "POST") {
      exchange.respond(not_here());
      co_return;
    }
    auto body = co_await exchange.read_body(demo_body_limit_bytes);
    if (!body) {
      exchange.respond(refuse(body.error(), exchange.request_id()));
      co_return;
    }
    const auto chat = read_chat(*body);
    if (!chat) {
      exchange.respond(refusal(400, "invalid_request",
                               "Send JSON with `messages`, a list of role and content."));
      co_return;
    }
    if (chat->stream) {
      co_await stream(exchange, *chat);
    } else {
      exchange.respond(json_answer(200, whole(*chat)));
    }
  }

  http::Answer refuse(const base::Error& error, std::string_view) override {
    return refusal(base::facts(error.code).http_status, base::facts(error.code).name, error.text());
  }

 private:
  static std::string_view without_v1(std::string_view path) {
    return path.starts_with("/v1/") ? path.substr(3) : path;
  }

  static http::Answer not_here() {
    return refusal(404, "not_found", "The demo serves /v1/models and /v1/chat/completions.");
  }

  static json::object usage(const ChatRequest& chat) {
    const auto words = static_cast<std::int64_t>(words_of(chat.said).size());
    return {{"prompt_tokens", words}, {"completion_tokens", words}, {"total_tokens", 2 * words}};
  }

  json::object whole(const ChatRequest& chat) {
    json::object choice{{"index", 0},
                        {"message", json::object{{"role", "assistant"}, {"content", chat.said}}},
                        {"finish_reason", "stop"}};
    return {{"id", "chatcmpl-" + base::uuid4(random_)},
            {"object", "chat.completion"},
            {"created", clock_.now()},
            {"model", chat.model},
            {"choices", json::array{choice}},
            {"usage", usage(chat)}};
  }

  static std::string event(const json::value& value) {
    return fmt::format("data: {}\n\n", base::to_text(value));
  }

  asio::awaitable<void> stream(http::Exchange& exchange, ChatRequest chat) {
    const http::Field type{"Content-Type", "text/event-stream"};
    exchange.start(200, std::span(&type, 1), http::Framing::chunked, 0, true);
    const json::object shared{{"id", "chatcmpl-" + base::uuid4(random_)},
                              {"object", "chat.completion.chunk"},
                              {"created", clock_.now()},
                              {"model", chat.model}};
    const auto chunk = [&](json::object delta, json::value finish) {
      json::object event = shared;
      event["choices"] = json::array{json::object{
          {"index", 0}, {"delta", std::move(delta)}, {"finish_reason", std::move(finish)}}};
      return Demo::event(event);
    };
    exchange.put(chunk({{"role", "assistant"}, {"content", ""}}, nullptr));
    asio::steady_timer pause(loop_);
    for (const auto word : words_of(chat.said)) {
      exchange.put(chunk({{"content", word}}, nullptr));
      const bool there = co_await exchange.flush();
      if (!there) co_return;
      if (chat.model == "echo-slow") {
        pause.expires_after(slow_word_time);
        co_await pause.async_wait(asio::use_awaitable);
      }
    }
    exchange.put(chunk({}, "stop"));
    if (chat.stream_usage) {
      json::object last = shared;
      last["choices"] = json::array{};
      last["usage"] = usage(chat);
      exchange.put(event(last));
    }
    exchange.put("data: [DONE]\n\n");
    exchange.end();
    co_await exchange.flush();
  }

  const base::Clock& clock_;
  base::Random& random_;
  asio::io_context& loop_;
};

}  // namespace

std::unique_ptr<http::Service> make_demo_upstream(const base::Clock& clock, base::Random& random,
                                                  asio::io_context& loop) {
  return std::make_unique<Demo>(clock, random, loop);
}

}  // namespace kronborg::app
