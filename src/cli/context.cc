#include "cli/context.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/progress.h"
#include "cli/prompt.h"

namespace kronborg::cli {

using base::Code;
using base::Result;

namespace {

Result<Reply> patiently(Client& api, std::string_view method, std::string_view path,
                        const std::optional<base::json::value>& body) {
  const Progress progress;
  return api.call(method, path, body);
}

}  // namespace

Result<app::Config> Context::load_config() const {
  if (config_file) return app::Config::load(*config_file, true, environment_);
  const bool named = environment_("KRONBORG_CONFIG").has_value();
  return app::Config::load(app::config_file(environment_), named, environment_);
}

Result<std::unique_ptr<app::App>> Context::open_app(app::Config config) const {
  TRY(auto folder, app::data_folder(environment_));
  TRY(auto settings, app::settle(config));
  return app::App::open({folder, std::move(config), std::move(settings)});
}

bool Context::server_runs() {
  const auto data = folder();
  return data && connect_to_server(*data / "kronborg.sock") != nullptr;
}

Result<Client*> Context::client() {
  if (client_) return client_.get();
  TRY(const auto data, folder());
  client_ = connect_to_server(data / "kronborg.sock");
  if (!client_) {
    TRY(auto config, load_config());
    TRY(auto app, open_app(std::move(config)));
    client_ = client_in_process(std::move(app));
  }
  return client_.get();
}

Result<Reply> Context::call(std::string_view method, std::string_view path,
                            const std::optional<base::json::value>& body) {
  TRY(auto* api, client());
  TRY(auto reply, patiently(*api, method, path, body));
  if (reply.ok()) {
    if (method != "GET") keep_bundle(*api);
    return reply;
  }
  const auto error = error_of(reply);
  if (error.code == Code::identity_locked && api->in_process())
    return unlock_and_repeat(method, path, body);
  return error;
}

void Context::keep_bundle(Client& api) {
  const auto warning = api.bundle_warning();
  if (warning.empty()) return;
  // Written when the process ends, if the keystore opens without a question.
  if (const auto identity = api.call("GET", "/api/v1/identity", std::nullopt);
      identity && identity->ok()) {
    const auto asks = text_of(identity->value, "unlockWith");
    const bool silent = asks == "nothing" || (asks == "pin" ? pin_file : passphrase_file);
    const auto secret = silent ? opening_secret() : Code::identity_locked;
    if (secret) {
      const auto unlocked = patiently(api, "POST", "/api/v1/identity/unlock", *secret);
      if (unlocked && unlocked->ok()) return;
    }
  }
  fmt::print(stderr, "warning: {}\n", warning);
}

Result<Reply> Context::unlock_and_repeat(std::string_view method, std::string_view path,
                                         const std::optional<base::json::value>& body) {
  TRY(const auto secret, opening_secret());
  TRY(auto* api, client());
  TRY(const auto unlocked, patiently(*api, "POST", "/api/v1/identity/unlock", secret));
  if (!unlocked.ok()) return error_of(unlocked);
  TRY(auto reply, patiently(*api, method, path, body));
  if (!reply.ok()) return error_of(reply);
  return reply;
}

Result<base::json::object> Context::opening_secret(const std::optional<std::string>& own_file) {
  TRY(auto* api, client());
  TRY(const auto identity, api->call("GET", "/api/v1/identity", std::nullopt));
  if (!identity.ok()) return error_of(identity);
  const auto asks = text_of(identity.value, "unlockWith");
  base::json::object body;
  if (asks == "nothing") return body;
  const bool pin = asks == "pin";
  const auto& given = own_file ? own_file : pin ? pin_file : passphrase_file;
  std::optional<std::filesystem::path> file;
  if (given) file = *given;
  TRY(const auto secret,
      read_secret(file, pin ? "PIN" : "passphrase", pin ? "--pin-file F" : "--passphrase-file F"));
  body[pin ? "pin" : "passphrase"] = secret.reveal();
  return body;
}

Result<base::json::array> Context::all_of(std::string_view path, std::string_view member) {
  base::json::array items;
  std::string cursor;
  for (;;) {
    auto page =
        fmt::format("{}{}limit=500", path, path.find('?') == std::string_view::npos ? '?' : '&');
    if (!cursor.empty()) page += "&cursor=" + segment(cursor);
    TRY(const auto reply, call("GET", page));
    for (const auto& item : array_of(reply.value, member)) items.push_back(item);
    if (!flag_of(reply.value, "hasMore")) return items;
    cursor = text_of(reply.value, "cursor");
  }
}

int Context::show(const base::json::value& value, const std::function<void()>& human) const {
  if (json) {
    fmt::print("{}\n", base::to_text(value));
  } else {
    human();
  }
  return done;
}

int Context::fail(const base::Error& error) const {
  print_error(error);
  return exit_code_of(error);
}

std::string segment(std::string_view text) { return base::percent_encode(text); }

}  // namespace kronborg::cli
