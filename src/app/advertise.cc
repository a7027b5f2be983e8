#include "app/advertise.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "pairing/service.h"

namespace kronborg::app {
namespace {

/// How late a code that ends by time is withdrawn at most.
constexpr std::chrono::seconds look_again{1};

}  // namespace

void Advertise::start(pairing::Endpoints& endpoints, std::uint16_t port, mdns::Over over,
                      std::function<void(std::string_view)> warn) {
  endpoints_ = &endpoints;
  port_ = port;
  over_ = over;
  warn_ = std::move(warn);
  changed_ = true;
  thread_ = std::thread([this] { loop(); });
}

void Advertise::stop() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Advertise::changed() {
  {
    const std::lock_guard guard(mutex_);
    changed_ = true;
  }
  wake_.notify_all();
}

void Advertise::loop() {
  auto made = std::make_unique<mdns::Advertiser>(warn_);
  {
    const std::lock_guard guard(mutex_);
    advertiser_ = std::move(made);
  }
  bool code_was_live = false;
  for (;;) {
    {
      std::unique_lock guard(mutex_);
      const auto due = [this] { return stopping_ || changed_; };
      if (code_was_live) {
        wake_.wait_for(guard, look_again, due);
      } else {
        wake_.wait(guard, due);
      }
      if (stopping_) break;
      changed_ = false;
    }
    announce();
    code_was_live = endpoints_->codes.current().has_value();
  }
  {
    const std::lock_guard guard(mutex_);
    made = std::move(advertiser_);
  }
  made.reset();
}

std::optional<Advertise::Standing> Advertise::standing() {
  const std::lock_guard guard(mutex_);
  if (advertiser_ == nullptr) return std::nullopt;
  return Standing{.wanted = wanted_, .established = advertiser_->established()};
}

void Advertise::announce() {
  const auto agents = endpoints_->parts.host.agents();
  if (!agents) {
    warn_("what is announced on the LAN may be old: " + std::string(agents.error().text()));
    return;
  }
  std::vector<mdns::Service> wanted;
  for (const pairing::HostAgent& agent : *agents) {
    if (!agent.shared) continue;
    wanted.push_back({.type = std::string(pairing::service_type),
                      .instance = pairing::service_instance(agent.name, agent.id),
                      .port = port_,
                      .over = over_,
                      .txt = pairing::service_txt(agent)});
  }
  if (endpoints_->codes.current()) {
    const std::string& name = endpoints_->parts.host_name;
    wanted.push_back({.type = std::string(pairing::phone_service_type),
                      .instance = name,
                      .port = port_,
                      .over = over_,
                      .txt = pairing::phone_service_txt(name)});
  }
  {
    const std::lock_guard guard(mutex_);
    wanted_ = wanted.size();
  }
  advertiser_->announce(std::move(wanted));
}

}  // namespace kronborg::app
