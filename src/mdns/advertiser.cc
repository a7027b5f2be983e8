#include "mdns/advertiser.h"

#include <avahi-client/client.h>
#include <avahi-client/publish.h>
#include <avahi-common/error.h>
#include <avahi-common/strlst.h>
#include <avahi-common/thread-watch.h>
#include <avahi-common/timeval.h>

#include <algorithm>
#include <list>

namespace kronborg::mdns {
namespace {

constexpr unsigned retry_ms = 2'000;

AvahiProtocol protocol_of(Over over) {
  switch (over) {
    case Over::ipv4:
      return AVAHI_PROTO_INET;
    case Over::ipv6:
      return AVAHI_PROTO_INET6;
    case Over::both:
      break;
  }
  return AVAHI_PROTO_UNSPEC;
}

/// The strings in their order: Avahi's list grows at its front.
AvahiStringList* strings_of(const Service& service) {
  AvahiStringList* list = nullptr;
  for (auto pair = service.txt.rbegin(); pair != service.txt.rend(); ++pair) {
    list = avahi_string_list_add_pair(list, pair->first.c_str(), pair->second.c_str());
  }
  return list;
}

}  // namespace

/// Everything below is used on Avahi's thread, or with its lock held.
struct Advertiser::State {
  struct Announced {
    State& owner;
    Service service;
    AvahiEntryGroup* group = nullptr;
    bool established = false;
  };

  explicit State(std::function<void(std::string_view)> told) : trouble(std::move(told)) {
    poll = avahi_threaded_poll_new();
    if (poll == nullptr) return;
    connect();
    avahi_threaded_poll_start(poll);
  }
  ~State() {
    if (poll == nullptr) return;
    avahi_threaded_poll_lock(poll);
    withdraw_all();
    avahi_threaded_poll_unlock(poll);
    avahi_threaded_poll_stop(poll);
    if (client != nullptr) avahi_client_free(client);
    if (retry != nullptr) avahi_threaded_poll_get(poll)->timeout_free(retry);
    avahi_threaded_poll_free(poll);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void tell(std::string text) {
    if (text == last_trouble) return;
    last_trouble = std::move(text);
    if (!last_trouble.empty() && trouble) trouble(last_trouble);
  }

  void connect();
  void connect_later();
  void bring_up();
  void establish(const Service& service);
  void withdraw(std::list<Announced>::iterator which) {
    if (which->group != nullptr) avahi_entry_group_free(which->group);
    announced.erase(which);
  }
  void withdraw_all() {
    while (!announced.empty()) withdraw(announced.begin());
  }

  static void client_changed(AvahiClient* client, AvahiClientState state, void* self);
  static void group_changed(AvahiEntryGroup* group, AvahiEntryGroupState state, void* self);
  static void retry_now(AvahiTimeout* timeout, void* self);

  std::function<void(std::string_view)> trouble;
  std::string last_trouble;
  AvahiThreadedPoll* poll = nullptr;
  AvahiClient* client = nullptr;
  AvahiTimeout* retry = nullptr;
  std::vector<Service> wanted;
  std::list<Announced> announced;  // stay where they are: Avahi holds their addresses
};

void Advertiser::State::connect() {
  int error = 0;
  // With NO_FAIL a daemon that is not there yet is waited for.
  AvahiClient* const made = avahi_client_new(avahi_threaded_poll_get(poll), AVAHI_CLIENT_NO_FAIL,
                                             client_changed, this, &error);
  if (made != nullptr) {
    client = made;
    return;
  }
  client = nullptr;
  tell(std::string("nothing is announced on the LAN: ") + avahi_strerror(error) +
       " (is avahi-daemon running?)");
  connect_later();
}

void Advertiser::State::connect_later() {
  const AvahiPoll* const api = avahi_threaded_poll_get(poll);
  timeval when{};
  avahi_elapse_time(&when, retry_ms, 0);
  if (retry == nullptr) {
    retry = api->timeout_new(api, &when, retry_now, this);
  } else {
    api->timeout_update(retry, &when);
  }
}

void Advertiser::State::retry_now(AvahiTimeout* timeout, void* self) {
  auto& state = *static_cast<State*>(self);
  avahi_threaded_poll_get(state.poll)->timeout_update(timeout, nullptr);
  state.withdraw_all();
  if (state.client != nullptr) avahi_client_free(state.client);
  state.client = nullptr;
  state.connect();
}

void Advertiser::State::client_changed(AvahiClient* client, AvahiClientState now, void* self) {
  auto& state = *static_cast<State*>(self);
  state.client = client;  // the first call comes from within avahi_client_new()
  switch (now) {
    case AVAHI_CLIENT_S_RUNNING:
      state.tell({});
      state.bring_up();
      break;
    case AVAHI_CLIENT_S_COLLISION:
    case AVAHI_CLIENT_S_REGISTERING:
      // The host's name changes: what was announced under the old one begins anew.
      state.withdraw_all();
      break;
    case AVAHI_CLIENT_CONNECTING:
      state.tell("nothing is announced on the LAN: avahi-daemon is not running");
      break;
    case AVAHI_CLIENT_FAILURE:
      state.tell(std::string("nothing is announced on the LAN: ") +
                 avahi_strerror(avahi_client_errno(client)));
      state.connect_later();
      break;
  }
}

void Advertiser::State::group_changed(AvahiEntryGroup* group, AvahiEntryGroupState now,
                                      void* self) {
  auto& one = *static_cast<Announced*>(self);
  one.group = group;
  one.established = now == AVAHI_ENTRY_GROUP_ESTABLISHED;
  if (now == AVAHI_ENTRY_GROUP_COLLISION) {
    one.owner.tell("another host announces the same name: " + one.service.instance);
  } else if (now == AVAHI_ENTRY_GROUP_FAILURE) {
    one.owner.tell(std::string("a service could not be announced: ") +
                   avahi_strerror(avahi_client_errno(avahi_entry_group_get_client(group))));
  }
}

void Advertiser::State::establish(const Service& service) {
  Announced& one = announced.emplace_back(Announced{.owner = *this, .service = service});
  one.group = avahi_entry_group_new(client, group_changed, &one);
  AvahiStringList* const strings = strings_of(service);
  int error = AVAHI_ERR_FAILURE;
  if (one.group != nullptr) {
    error = avahi_entry_group_add_service_strlst(
        one.group, AVAHI_IF_UNSPEC, protocol_of(service.over), AvahiPublishFlags{},
        service.instance.c_str(), service.type.c_str(), nullptr, nullptr, service.port, strings);
    if (error == AVAHI_OK) error = avahi_entry_group_commit(one.group);
  }
  avahi_string_list_free(strings);
  if (error == AVAHI_OK) return;
  tell(std::string("a service could not be announced: ") + avahi_strerror(error));
  withdraw(std::prev(announced.end()));
}

void Advertiser::State::bring_up() {
  if (client == nullptr || avahi_client_get_state(client) != AVAHI_CLIENT_S_RUNNING) return;
  for (auto next = announced.begin(); next != announced.end();) {
    const auto which = next++;
    if (std::ranges::find(wanted, which->service) == wanted.end()) withdraw(which);
  }
  for (const Service& service : wanted) {
    if (std::ranges::find(announced, service, &Announced::service) == announced.end()) {
      establish(service);
    }
  }
}

Advertiser::Advertiser(std::function<void(std::string_view)> trouble)
    : state_(std::make_unique<State>(std::move(trouble))) {}

Advertiser::~Advertiser() = default;

void Advertiser::announce(std::vector<Service> wanted) {
  if (state_->poll == nullptr) return;
  avahi_threaded_poll_lock(state_->poll);
  state_->wanted = std::move(wanted);
  state_->bring_up();
  avahi_threaded_poll_unlock(state_->poll);
}

std::size_t Advertiser::established() const {
  if (state_->poll == nullptr) return 0;
  avahi_threaded_poll_lock(state_->poll);
  const auto count = std::ranges::count(state_->announced, true, &State::Announced::established);
  avahi_threaded_poll_unlock(state_->poll);
  return static_cast<std::size_t>(count);
}

}  // namespace kronborg::mdns
