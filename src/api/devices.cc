#include "authority/devices.h"

#include <array>
#include <string_view>
#include <utility>

#include "api/device_members.h"
#include "api/listing.h"
#include "api/members.h"
#include "api/operations.h"
#include "api/query.h"
#include "api/render.h"
#include "authority/host_device.h"
#include "base/encoding.h"
#include "base/text.h"

namespace kronborg::api {
namespace {

constexpr std::string_view list_id = "devices";
constexpr std::size_t max_method = 32;
constexpr std::size_t max_audience = 261;  // a DNS name, colon, port
constexpr std::size_t max_path = 4096;

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

authority::RequestToSign read_request(Members& members) {
  authority::RequestToSign request;
  request.method = members.bytes("method", max_method, Need::required).value_or("GET");
  request.path = members.bytes("path", max_path, Need::required).value_or("/");
  request.audience = members.bytes("audience", max_audience, Need::required).value_or("-");
  request.agent_id = members.uuid("agentId", Need::optional);
  request.device_id = members.bytes("deviceId", 8, Need::optional);
  if (!std::ranges::all_of(request.method, [](char c) { return c >= 'A' && c <= 'Z'; })) {
    members.fault("method", "bad_pattern", "It is a method in capital letters.");
  }
  if (!request.path.starts_with('/') || !is_printable(request.path) ||
      request.path.find_first_of("?#") != std::string::npos) {
    members.fault("path", "bad_pattern", "It is the path as it is sent, without the query.");
  }
  if (!is_printable(request.audience) || request.audience.contains('/')) {
    members.fault("audience", "bad_pattern",
                  "It is the host of the URL, with the port if the URL names one.");
  }
  return request;
}

boost::json::object render(const identity::TpmCredential& credential) {
  return {{"credential", base::base64url(credential.credential)},
          {"secret", base::base64url(credential.secret)}};
}

}  // namespace

base::Result<Outcome> create_device_challenge(const Desk& desk, const OwnerCall& call) {
  TRY_VOID(accept_no_input(call));
  TRY(const auto challenge, desk.nouns.devices.challenge());
  return Outcome{.body = {{"challenge", base::base64url(challenge)},
                          {"expiresIn", authority::device_challenge_seconds}},
                 .status = 201};
}

base::Result<Outcome> register_device(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  const auto device = read_new_device(members);
  TRY_VOID(members.finish());
  TRY_VOID(accept_no_query(call));
  TRY(const auto registration, desk.nouns.devices.register_device(call.actor(), device));
  if (const auto* const asked = std::get_if<authority::ActivationRequired>(&registration)) {
    return Outcome{.body = render(asked->credential), .status = 202};
  }
  const auto& registered = std::get<authority::RegisteredDevice>(registration);
  return Outcome{.body = render(registered.record), .status = registered.is_new ? 201 : 200};
}

base::Result<Outcome> list_devices(const Desk& desk, const OwnerCall& call) {
  TRY(Query query, Query::read(call.query()));
  TRY(const authority::Page page, read_page(desk, query, list_id));
  TRY_VOID(query.finish());
  TRY_VOID(call.accepted());
  TRY(const auto devices, desk.nouns.devices.list(page));
  return listed(desk, "devices", list_id, devices,
                [](const auto& device) { return render(device); });
}

base::Result<Outcome> get_device(const Desk& desk, const OwnerCall& call) {
  TRY_VOID(accept_no_input(call));
  TRY(const auto device, desk.nouns.devices.get(call.segment()));
  return Outcome{.body = render(device)};
}

base::Result<Outcome> revoke_device(const Desk& desk, const OwnerCall& call) {
  TRY_VOID(accept_no_input(call));
  TRY(const auto device, desk.nouns.devices.revoke(call.actor(), call.segment()));
  return Outcome{.body = render(device)};
}

base::Result<Outcome> prove_device(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  const auto challenge = read_challenge(members);
  TRY_VOID(members.finish());
  TRY_VOID(accept_no_query(call));
  authority::HostDevice host(desk.nouns.parts);
  TRY(const auto proof, host.prove(call.segment(), challenge));
  return Outcome{.body = evidence_members(proof, challenge)};
}

base::Result<Outcome> sign_request(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  const auto request = read_request(members);
  TRY_VOID(members.finish());
  TRY_VOID(accept_no_query(call));
  authority::HostDevice host(desk.nouns.parts);
  TRY(const auto made, host.sign(request));
  return Outcome{.body = {{"token", made.token.reveal()},
                          {"issuer", made.issuer.text()},
                          {"deviceId", made.device_id},
                          {"counter", render_u64(made.counter)},
                          {"expiresAt", render_seconds(made.expires_at)}},
                 .status = 200,
                 .secrets = {"token"}};
}

}  // namespace kronborg::api
