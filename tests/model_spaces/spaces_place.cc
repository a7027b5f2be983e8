#include "model_spaces/spaces_place.h"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "authority/load.h"
#include "authority/store_schema.h"
#include "pairing/store_schema.h"
#include "spaces/store_schema.h"
#include "sql/migrations.h"
#include "sql/open.h"

namespace kronborg::model_spaces {
namespace {

void require(const base::Result<void>& result) {
  if (!result) throw std::runtime_error(std::string(result.error().text()));
}

}  // namespace

Place::Place(const std::filesystem::path& folder, const std::string& url, SetClock& clock)
    : time_(clock) {
  database_ = sql::open({.sqlite_file = folder / "kronborg.db", .url = url, .readers = 4}).value();
  std::vector<sql::Migration> schema;
  for (const auto& part : {authority::migrations(), spaces::migrations(), pairing::migrations()}) {
    schema.insert(schema.end(), part.begin(), part.end());
  }
  std::ranges::sort(schema, {}, &sql::Migration::version);
  require(sql::migrate(*database_, schema));
  keyholder::SpawnOptions options;
  options.data_folder = folder;
  options.executable = KRONBORG_KEY_HOLDER_CHILD;
  options.delay = [](int) {};
  key_holder_ = keyholder::KeyHolder::spawn(std::move(options)).value();
  parts_.reset(new authority::Parts{.database = *database_,
                                    .board = board_,
                                    .key_holder = *key_holder_,
                                    .clock = clock,
                                    .random = random_,
                                    .data_folder = folder,
                                    .signals = signals_});
  require(authority::load_policy(*parts_));
  identity_ = std::make_unique<authority::Identity>(*parts_);
  agents_ = std::make_unique<authority::Agents>(*parts_);
  access_keys_ = std::make_unique<authority::AccessKeys>(*parts_);
  whitelist_ = std::make_unique<authority::Whitelist>(*parts_);
  audit_ = std::make_unique<authority::Audit>(*parts_);
  devices_ = std::make_unique<authority::Devices>(*parts_, authority::DeviceRules{});
  pairing_host_ = std::make_unique<pairing::AuthorityHost>(*parts_, *agents_, *access_keys_);
  pairing_ =
      std::make_unique<pairing::Endpoints>(pairing::Parts{.authority = *parts_,
                                                          .host = *pairing_host_,
                                                          .host_name = "kronborg",
                                                          .origin = "https://kronborg.example"},
                                           nullptr);
  api::Settings settings;
  settings.origin = "https://kronborg.example";
  settings.version = "0.1.0";
  settings.rates.fill({.quota = 1'000'000, .window_s = 60});
  spaces_.reset(new spaces::Parts{.database = *database_,
                                  .time = time_,
                                  .random = random_,
                                  .directory = directory_,
                                  .feed = feed_,
                                  .origin = settings.origin,
                                  .service_name = settings.service_name});
  require(spaces::load_clock(*spaces_));
  require(spaces::catch_up(*spaces_));
  sweep_ = std::make_unique<spaces::Sweep>(*spaces_);
  router_ = api::Router::open({*identity_, *agents_, *access_keys_, *whitelist_, *audit_, *parts_,
                               *spaces_, *pairing_, *devices_},
                              std::move(settings))
                .value();
}

}  // namespace kronborg::model_spaces
