#include "api/fixture_test.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "api/documents.h"
#include "api/routes.h"
#include "api/schema_test.h"
#include "authority/load.h"
#include "authority/store_schema.h"
#include "base/json.h"
#include "base/text.h"
#include "pairing/store_schema.h"
#include "spaces/store_schema.h"
#include "sql/migrations.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

Request request_of(std::string_view method, std::string_view target) {
  Request request;
  const auto mark = target.find('?');
  request.method = method;
  request.path = target.substr(0, mark);
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  static base::SystemRandom random;
  request.request_id = base::uuid4(random);
  return request;
}

/// A folder with an identity, made once and copied: making one costs a second of Argon2.
const std::filesystem::path& folder_with_identity() {
  static const support::TemporaryFolder made;
  static const bool done = [] {
    SetClock clock;
    Place place(made.path(), clock);
    authority::CreateIdentity request;
    request.kind = keyholder::KeystoreKind::file;
    return place.identity()
        .create({.actor = "owner", .source_address = {}, .request_id = "set-up"},
                std::move(request))
        .has_value();
  }();
  EXPECT_TRUE(done);
  return made.path();
}

}  // namespace

std::string Answered::code() const { return text("code"); }

std::string Answered::text(std::string_view member) const {
  const json::value* value = body.if_contains(member);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t Answered::number(std::string_view member) const {
  const json::value* value = body.if_contains(member);
  return value != nullptr && value->is_int64() ? value->get_int64() : -1;
}

std::string Answered::field(std::string_view name) const {
  for (const auto& [key, value] : response.fields) {
    if (base::equal_ignoring_case(key, name)) return value;
  }
  return {};
}

Place::Place(const std::filesystem::path& folder, SetClock& clock) : time_(clock) {
  database_ = sql::open({.sqlite_file = folder / "kronborg.db", .url = "", .readers = 4}).value();
  std::vector<sql::Migration> schema;
  for (const auto& part : {authority::migrations(), spaces::migrations(), pairing::migrations()}) {
    schema.insert(schema.end(), part.begin(), part.end());
  }
  std::ranges::sort(schema, {}, &sql::Migration::version);
  EXPECT_TRUE(sql::migrate(*database_, schema));
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
  EXPECT_TRUE(authority::load_policy(*parts_));
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
  Settings settings;
  settings.origin = "https://kronborg.example";
  settings.version = "0.1.0";
  settings.status_extras = [] { return json::object{{"warnings", json::array{"a warning"}}}; };
  settings.config_view = [] {
    return json::object{
        {"settings", {{{"key", "log.level"}, {"value", "info"}, {"source", "default"}}}}};
  };
  settings.doctor = [] {
    return json::array{
        json::object{{"check", "clock"}, {"ok", true}, {"severity", "info"}, {"message", "fine"}}};
  };
  settings.metrics_text = [] { return std::string("kronborg_up 1\n"); };
  settings.not_ready = [this] { return not_ready; };
  spaces_.reset(new spaces::Parts{.database = *database_,
                                  .time = time_,
                                  .random = random_,
                                  .directory = directory_,
                                  .feed = feed_,
                                  .origin = settings.origin,
                                  .service_name = settings.service_name});
  router_ = Router::open({*identity_, *agents_, *access_keys_, *whitelist_, *audit_, *parts_,
                          *spaces_, *pairing_, *devices_},
                         std::move(settings))
                .value();
}

Place::~Place() = default;

void ApiTest::SetUp() {
  folder_ = std::make_unique<support::TemporaryFolder>();
  std::filesystem::copy(folder_with_identity(), folder_->path(),
                        std::filesystem::copy_options::recursive);
  restart();
}

void ApiTest::start_empty() {
  place.reset();
  folder_ = std::make_unique<support::TemporaryFolder>();
  place = std::make_unique<Place>(folder_->path(), clock);
}

void ApiTest::restart() {
  place.reset();
  place = std::make_unique<Place>(folder_->path(), clock);
  ASSERT_TRUE(place->key_holder().unlock({}));
}

Answered ApiTest::send(const Request& request) {
  Answered answer{.response = place->router().call(request), .body = {}};
  boost::system::error_code error;
  json::value body = json::parse(answer.response.body, error);
  if (!error && body.is_object()) answer.body = std::move(body.get_object());
  for (const std::string& difference : differences(request, answer.response)) {
    ADD_FAILURE() << request.method << " " << request.path << " " << answer.status() << ": "
                  << difference << "\n"
                  << answer.response.body;
  }
  const Found found = find_route(request.method, request.path);
  if (found.route != nullptr && answer.status() / 100 == 2) answered.emplace(found.route->id);
  return answer;
}

Answered ApiTest::call(std::string_view method, std::string_view target, std::string_view body,
                       Fields fields) {
  Request request = request_of(method, target);
  request.body = body;
  request.fields = std::move(fields);
  const auto is_type = [](const auto& field) { return field.first == "content-type"; };
  if (!body.empty() && std::ranges::none_of(request.fields, is_type)) {
    request.fields.emplace_back("content-type", "application/json");
  }
  request.caller = CallerKind::owner;
  return send(request);
}

Answered ApiTest::stranger(std::string_view method, std::string_view target, Fields fields,
                           std::string source) {
  Request request = request_of(method, target);
  request.fields = std::move(fields);
  request.source_address = std::move(source);
  return send(request);
}

std::string ApiTest::new_agent(std::string_view name) {
  return post("/api/v1/agents", base::to_text(json::object{{"name", name}})).text("id");
}

Answered ApiTest::new_key(std::string_view label, std::string_view agent_id) {
  json::object body{{"label", label}};
  if (!agent_id.empty()) body["agentId"] = agent_id;
  return post("/api/v1/access-keys", base::to_text(body));
}

const json::value& openapi() {
  static const json::value document = [] {
    Settings settings;
    settings.origin = "https://kronborg.example";
    return json::parse(Documents(settings).answer("/openapi.json", "").body);
  }();
  return document;
}

namespace {

/// The operation of a request's route, or of the document at its path; nothing: it has none.
const json::object* operation_of(const Request& request) {
  const Found found = find_route(request.method, request.path);
  if (found.route == nullptr && !found.allow.empty()) return nullptr;
  const json::object& paths = openapi().at("paths").as_object();
  const std::string_view path =
      found.route == nullptr ? std::string_view(request.path) : found.route->path;
  const json::value* item = paths.if_contains(path);
  if (item == nullptr) return nullptr;
  const bool reads = request.method == "HEAD";
  const json::value* operation =
      item->as_object().if_contains(reads ? "get" : base::lower(request.method));
  return operation == nullptr ? nullptr : &operation->as_object();
}

}  // namespace

std::vector<std::string> differences(const Request& request, const Response& response) {
  SchemaCheck check(openapi());
  const std::string_view type =
      std::string_view(response.content_type).substr(0, response.content_type.find(';'));
  if (response.status == 204 || response.status == 304) {
    return response.body.empty() ? std::vector<std::string>()
                                 : std::vector<std::string>{"has a body"};
  }
  const bool is_json = type == "application/json" || type.ends_with("+json");
  const json::value body =
      is_json ? json::parse(response.body) : json::value(json::string(response.body));
  const json::object* operation = operation_of(request);
  if (operation == nullptr) {
    if (response.status < 400) return {};  // a document for people
    const bool problem = type == "application/problem+json";
    return check.findings(json::object{{"$ref", problem ? "#/components/schemas/Problem"
                                                        : "#/components/schemas/Error"}},
                          body);
  }
  const json::value* answer =
      operation->at("responses").as_object().if_contains(std::to_string(response.status));
  if (answer == nullptr) return {"the document does not know this status"};
  const json::object& described = check.resolved(*answer).as_object();
  const json::value* content = described.at("content").as_object().if_contains(type);
  if (content == nullptr)
    return {"the document does not know this media type: " + std::string(type)};
  return check.findings(content->at("schema"), body);
}

}  // namespace kronborg::api
