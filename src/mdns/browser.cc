#include "mdns/browser.h"

#include <avahi-client/client.h>
#include <avahi-client/lookup.h>
#include <avahi-common/address.h>
#include <avahi-common/malloc.h>
#include <avahi-common/simple-watch.h>
#include <avahi-common/strlst.h>

#include <algorithm>
#include <list>
#include <memory>
#include <optional>

namespace kronborg::mdns {
namespace {

using base::Code;
using base::Error;
using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds first_answers{6};  // until the daemon says that it asked everybody
constexpr int poll_ms = 100;
constexpr int most_tries = 2;

Error no_daemon() {
  return {Code::host_not_found, "This machine cannot look for hosts: avahi-daemon does not answer.",
          "Start it, or name the host: kronborg connect http://HOST:PORT --agent ID@ADDRESS"};
}

struct Free {
  void operator()(AvahiSimplePoll* poll) const { avahi_simple_poll_free(poll); }
  void operator()(AvahiClient* client) const { avahi_client_free(client); }
  void operator()(AvahiServiceBrowser* browser) const { avahi_service_browser_free(browser); }
  void operator()(AvahiServiceResolver* resolver) const { avahi_service_resolver_free(resolver); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

/// nothing: an address of one link only, which says nothing without its interface.
std::optional<std::string> text_of(const AvahiAddress& address) {
  if (address.proto == AVAHI_PROTO_INET6 && address.data.ipv6.address[0] == 0xFE &&
      (address.data.ipv6.address[1] & 0xC0U) == 0x80U) {
    return std::nullopt;
  }
  std::string text(AVAHI_ADDRESS_STR_MAX, '\0');
  avahi_address_snprint(text.data(), text.size(), &address);
  text.resize(text.find('\0'));
  return text;
}

std::vector<std::pair<std::string, std::string>> pairs_of(AvahiStringList* list) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (; list != nullptr; list = avahi_string_list_get_next(list)) {
    char* key = nullptr;
    char* value = nullptr;
    std::size_t size = 0;
    if (avahi_string_list_get_pair(list, &key, &value, &size) != 0) continue;
    pairs.emplace_back(key, value == nullptr ? std::string() : std::string(value, size));
    avahi_free(key);
    avahi_free(value);
  }
  // The list has the last string first.
  std::ranges::reverse(pairs);
  return pairs;
}

class Search {
 public:
  base::Result<std::vector<FoundService>> run(const std::string& type);

 private:
  /// An instance, as one interface sees it over one protocol.
  struct Seen {
    Search* search = nullptr;
    AvahiIfIndex interface = AVAHI_IF_UNSPEC;
    AvahiProtocol protocol = AVAHI_PROTO_UNSPEC;
    std::string name, type, domain;
    Owned<AvahiServiceResolver> resolver;
    Steady::time_point asked;
    int tries = 0;
    bool settled = false;  ///< resolved, or given up
    std::optional<Steady::time_point> gone;
    std::optional<FoundService> found;
  };

  static void on_client(AvahiClient* client, AvahiClientState state, void* self);
  static void on_browse(AvahiServiceBrowser* browser, AvahiIfIndex interface,
                        AvahiProtocol protocol, AvahiBrowserEvent event, const char* name,
                        const char* type, const char* domain, AvahiLookupResultFlags flags,
                        void* self);
  static void on_resolve(AvahiServiceResolver* resolver, AvahiIfIndex interface,
                         AvahiProtocol protocol, AvahiResolverEvent event, const char* name,
                         const char* type, const char* domain, const char* host,
                         const AvahiAddress* address, std::uint16_t port, AvahiStringList* txt,
                         AvahiLookupResultFlags flags, void* seen);
  void ask(Seen& seen);
  void judge_times();
  [[nodiscard]] bool is_over() const;
  [[nodiscard]] std::vector<FoundService> results() const;

  Owned<AvahiSimplePoll> poll_{avahi_simple_poll_new()};
  Owned<AvahiClient> client_;
  Owned<AvahiServiceBrowser> browser_;
  std::list<Seen> seen_;  // behind client_: resolvers end before it
  Steady::time_point began_ = Steady::now();
  bool all_answered_ = false;
  bool failed_ = false;
};

void Search::on_client(AvahiClient* /*client*/, AvahiClientState state, void* self) {
  if (state == AVAHI_CLIENT_FAILURE) static_cast<Search*>(self)->failed_ = true;
}

void Search::on_browse(AvahiServiceBrowser* /*browser*/, AvahiIfIndex interface,
                       AvahiProtocol protocol, AvahiBrowserEvent event, const char* name,
                       const char* type, const char* domain, AvahiLookupResultFlags /*flags*/,
                       void* self) {
  auto& search = *static_cast<Search*>(self);
  switch (event) {
    case AVAHI_BROWSER_FAILURE:
      search.failed_ = true;
      return;
    case AVAHI_BROWSER_ALL_FOR_NOW:
      search.all_answered_ = true;
      return;
    case AVAHI_BROWSER_CACHE_EXHAUSTED:
      return;
    case AVAHI_BROWSER_NEW:
    case AVAHI_BROWSER_REMOVE:
      break;
  }
  const auto is_it = [&](const Seen& seen) {
    return seen.interface == interface && seen.protocol == protocol && seen.name == name &&
           seen.domain == domain;
  };
  const auto known = std::ranges::find_if(search.seen_, is_it);
  if (event == AVAHI_BROWSER_REMOVE) {
    if (known != search.seen_.end()) known->gone = Steady::now();
  } else if (known != search.seen_.end()) {
    known->gone.reset();
  } else if (search.seen_.size() < most_found) {
    Seen& seen = search.seen_.emplace_back();
    seen.search = &search;
    seen.interface = interface;
    seen.protocol = protocol;
    seen.name = name;
    seen.type = type;
    seen.domain = domain;
    search.ask(seen);
  }
}

void Search::ask(Seen& seen) {
  seen.resolver.reset();
  if (seen.tries >= most_tries) {
    seen.settled = true;
    return;
  }
  ++seen.tries;
  seen.asked = Steady::now();
  seen.resolver.reset(avahi_service_resolver_new(
      client_.get(), seen.interface, seen.protocol, seen.name.c_str(), seen.type.c_str(),
      seen.domain.c_str(), seen.protocol, AvahiLookupFlags{}, &Search::on_resolve, &seen));
  if (!seen.resolver) seen.settled = true;
}

void Search::on_resolve(AvahiServiceResolver* /*resolver*/, AvahiIfIndex /*interface*/,
                        AvahiProtocol /*protocol*/, AvahiResolverEvent event, const char* /*name*/,
                        const char* /*type*/, const char* /*domain*/, const char* /*host*/,
                        const AvahiAddress* address, std::uint16_t port, AvahiStringList* txt,
                        AvahiLookupResultFlags /*flags*/, void* given) {
  auto& seen = *static_cast<Seen*>(given);
  if (event != AVAHI_RESOLVER_FOUND) {
    seen.asked = Steady::time_point::min();  // judged by the loop: no resolver ends in its callback
    return;
  }
  seen.settled = true;
  const auto text = text_of(*address);
  if (text) seen.found = FoundService{seen.name, *text, port, pairs_of(txt)};
}

void Search::judge_times() {
  const auto now = Steady::now();
  for (Seen& seen : seen_) {
    if (!seen.settled &&
        (seen.asked == Steady::time_point::min() || now - seen.asked > resolve_time))
      ask(seen);
  }
  std::erase_if(seen_, [&](const Seen& seen) { return seen.gone && now - *seen.gone > gone_time; });
}

bool Search::is_over() const {
  const bool answered = all_answered_ || Steady::now() - began_ > first_answers;
  return answered && std::ranges::all_of(seen_, &Seen::settled);
}

std::vector<FoundService> Search::results() const {
  std::vector<FoundService> all;
  for (const Seen& seen : seen_) {
    // What said goodbye meanwhile cannot be connected to.
    if (!seen.found || seen.gone) continue;
    const auto same = std::ranges::find(all, seen.found->instance, &FoundService::instance);
    if (same == all.end()) {
      all.push_back(*seen.found);
    } else if (same->address.find(':') != std::string::npos) {
      *same = *seen.found;
    }
  }
  std::ranges::sort(all, {}, &FoundService::instance);
  return all;
}

base::Result<std::vector<FoundService>> Search::run(const std::string& type) {
  if (!poll_) return no_daemon();
  int error = 0;
  client_.reset(avahi_client_new(avahi_simple_poll_get(poll_.get()), AvahiClientFlags{},
                                 &Search::on_client, this, &error));
  if (!client_) return no_daemon();
  browser_.reset(avahi_service_browser_new(client_.get(), AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC,
                                           type.c_str(), nullptr, AvahiLookupFlags{},
                                           &Search::on_browse, this));
  if (!browser_) return no_daemon();
  while (!failed_ && !is_over()) {
    if (avahi_simple_poll_iterate(poll_.get(), poll_ms) != 0) break;
    judge_times();
  }
  if (failed_) return no_daemon();
  return results();
}

}  // namespace

base::Result<std::vector<FoundService>> browse(std::string_view type) {
  Search search;
  return search.run(std::string(type));
}

}  // namespace kronborg::mdns
