#include "cli/client.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/random.h"
#include "http/parse.h"

namespace kronborg::cli {
namespace {

class InProcess final : public Client {
 public:
  explicit InProcess(std::unique_ptr<app::App> app) : app_(std::move(app)) {}

  base::Result<Reply> call(std::string_view method, std::string_view path,
                           const std::optional<base::json::value>& body) override {
    api::Request request;
    request.method = method;
    const auto question = path.find('?');
    request.path = http::decoded_path(path.substr(0, question));
    if (question != std::string_view::npos) request.query = path.substr(question + 1);
    request.fields = {{"accept", "application/json"}};
    if (body) {
      request.fields.emplace_back("content-type", "application/json");
      request.body = base::to_text(*body);
    }
    request.caller = api::CallerKind::owner;
    request.request_id = base::uuid4(app_->random());
    auto answer = app_->router().call(request);
    base::wipe(request.body.data(), request.body.size());
    Reply reply{answer.status, answer.content_type, std::move(answer.body), nullptr};
    if (reply.content_type.find("json") != std::string::npos) {
      if (auto value = base::parse_json(reply.body)) reply.value = std::move(*value);
    }
    return reply;
  }

  base::Result<void> follow(std::string_view,
                            const std::function<bool(std::string_view)>&) override {
    return base::Error(base::Code::server_unreachable,
                       "there is nothing to follow: no server is running",
                       "start it with 'kronborg serve'");
  }

  [[nodiscard]] bool in_process() const override { return true; }
  std::string bundle_warning() override { return app_->maintenance().bundle_warning(); }

 private:
  std::unique_ptr<app::App> app_;
};

}  // namespace

std::unique_ptr<Client> client_in_process(std::unique_ptr<app::App> app) {
  return std::make_unique<InProcess>(std::move(app));
}

}  // namespace kronborg::cli
