#include "cli/context.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/prompt.h"

namespace kronborg::cli {

using base::Code;
using base::Result;

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
  TRY(auto reply, api->call(method, path, body));
  if (reply.ok()) return reply;
  const auto error = error_of(reply);
  if (error.code == Code::identity_locked && api->in_process())
    return unlock_and_repeat(method, path, body);
  return error;
}

Result<Reply> Context::unlock_and_repeat(std::string_view method, std::string_view path,
                                         const std::optional<base::json::value>& body) {
  std::optional<std::filesystem::path> file;
  if (passphrase_file) file = *passphrase_file;
  TRY(const auto passphrase, read_secret(file, "passphrase", "--passphrase-file F"));
  TRY(auto* api, client());
  TRY(const auto unlocked, api->call("POST", "/api/v1/identity/unlock",
                                     base::json::object{{"passphrase", passphrase.reveal()}}));
  if (!unlocked.ok()) return error_of(unlocked);
  TRY(auto reply, api->call(method, path, body));
  if (!reply.ok()) return error_of(reply);
  return reply;
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
