#include "pairing/owner.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "base/encoding.h"
#include "base/json_members.h"
#include "base/text.h"
#include "pairing/invites.h"
#include "pairing/labels.h"
#include "pairing/paired_keys.h"
#include "pairing/proofs.h"

namespace kronborg::pairing {
namespace {

using base::Code;
using base::json::object;

constexpr std::size_t most_device_id_bytes = 64;
constexpr std::size_t most_device_name_scalars = 80;
constexpr std::string_view mint_sentence = "Failed to mint access key";

base::Error locked_error() {
  return {Code::identity_locked, "Host identity is unavailable right now"};
}

bool is_device_id(std::string_view text) {
  return !text.empty() && text.size() <= most_device_id_bytes &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

/// Row 6 of step 2. A nonce or a signature of another type is none.
base::Result<void> read_proof(const object& members, OwnerRedeem& out) {
  if (!base::read_text(members, "nonce", out.nonce)) out.nonce.clear();
  if (!base::read_text(members, "wallet_signature", out.wallet_signature)) {
    out.wallet_signature.clear();
  }
  const bool sent = base::read_text(members, "encPub", out.enc_pub);
  const auto key = sent ? crypto::read_x25519_public_key(out.enc_pub) : std::nullopt;
  if (!key) {
    return base::Error(Code::encryption_key_invalid,
                       "encPub is required: a base64url X25519 public key (32 bytes)");
  }
  out.enc_key = *key;
  return {};
}

}  // namespace

base::Result<OwnerRedeem> read_owner_redeem(const base::json::value& owner_redeem) {
  const auto* members = owner_redeem.if_object();
  std::int64_t v = 0;
  if (members == nullptr || !base::read_integer(*members, "v", v) || v != 1) {
    return Code::owner_redeem_version;
  }
  OwnerRedeem out;
  std::string address;
  const bool has_address = base::read_text(*members, "agent_address", address);
  const auto agent =
      has_address && address.starts_with("0x") ? identity::Address::parse(address) : std::nullopt;
  if (!agent) return Code::owner_redeem_address;
  out.agent = *agent;
  if (!base::read_text(*members, "device_id", out.device_id) || !is_device_id(out.device_id)) {
    return Code::owner_redeem_device_id;
  }
  std::optional<std::string> name;
  if (!base::read_text(*members, "device_name", name) ||
      base::scalar_count(name.value_or("")) > most_device_name_scalars) {
    return Code::owner_redeem_device_name;
  }
  out.device_name = name.value_or("");
  out.proves = base::set_member(*members, "nonce") != nullptr ||
               base::set_member(*members, "wallet_signature") != nullptr;
  if (out.proves) TRY_VOID(read_proof(*members, out));
  return out;
}

void OwnerRedeems::drop_ended() {
  const std::int64_t now_ms = parts_.authority.clock.now_ms();
  drawn_.remove_if([now_ms](const Challenge& challenge) {
    return std::abs(now_ms - challenge.drawn_ms) >= life_s * 1000;
  });
}

base::Result<Answered200> OwnerRedeems::challenge(const OwnerRedeem& redeem) {
  std::array<std::uint8_t, 32> bytes{};
  parts_.authority.random.fill(bytes);
  Challenge drawn{.agent = redeem.agent,
                  .device_id = redeem.device_id,
                  .nonce = base::base64url(bytes),
                  .drawn_ms = parts_.authority.clock.now_ms()};
  const object answer{{"owner_challenge", object{{"expires_in", life_s}, {"nonce", drawn.nonce}}}};
  const std::lock_guard lock(mutex_);
  drop_ended();
  drawn_.remove_if([&](const Challenge& other) {
    return other.agent == drawn.agent && other.device_id == drawn.device_id;
  });
  if (drawn_.size() >= most) drawn_.pop_front();
  drawn_.push_back(std::move(drawn));
  return Answered200{.body = base::SecretText(base::sorted_json(answer)), .key_id = {}};
}

/// Row 8: the nonce is used up, when it is outstanding for this pair.
bool OwnerRedeems::use(const OwnerRedeem& redeem) {
  const std::lock_guard lock(mutex_);
  drop_ended();
  return drawn_.remove_if([&](const Challenge& challenge) {
    return challenge.nonce == redeem.nonce && challenge.agent == redeem.agent &&
           challenge.device_id == redeem.device_id;
  }) > 0;
}

base::Result<authority::Minted> OwnerRedeems::mint(const authority::Actor& actor,
                                                   const OwnerRedeem& redeem,
                                                   const HostAgent& agent) {
  const auto device = PairedWith::device(redeem.device_id);
  return mint_for(
      parts_.host, actor,
      {.label = owner_device_label(redeem.device_name),
       .agent_id = agent.id,
       .source = "owner-redeem"},
      agent,
      [&](sql::Transaction& transaction, const authority::KeyRecord& key) -> base::Result<void> {
        TRY_VOID(
            replace_keys(transaction, parts_.authority, actor, device, agent.id, "paired again"));
        return record_paired_key(transaction, device, key);
      },
      mint_sentence);
}

base::Result<Answered200> OwnerRedeems::redeem(const authority::Actor& actor,
                                               const OwnerRedeem& redeem) {
  if (parts_.host.locked()) return locked_error();
  if (!use(redeem)) return Code::owner_redeem_nonce;
  const auto master = parts_.host.master();
  if (!master || !is_signed_by(*master, identity::Prefix::ethereum,
                               owner_text(redeem.agent, redeem.nonce), redeem.wallet_signature)) {
    return Code::owner_redeem_signature;
  }
  TRY(const auto agent, parts_.host.agent_of_address(redeem.agent));
  if (!agent) return Code::agent_unknown;
  const auto proof = signed_by_agent(
      parts_.host, identity::Prefix::pairing_server,
      server_text(Answered::redeem, agent->address, redeem.nonce, redeem.enc_pub), *agent);
  if (!proof) {
    return proof.error().code == Code::identity_locked
               ? locked_error()
               : base::Error(Code::mint_failed, std::string(mint_sentence));
  }
  const auto minted = mint(actor, redeem, *agent);
  if (!minted) {
    return minted.error().code == Code::identity_locked ? locked_error() : minted.error();
  }
  return answer_with_key(parts_, actor,
                         {.agent = *agent,
                          .minted = *minted,
                          .nonce = redeem.nonce,
                          .enc_key = redeem.enc_key,
                          .proof = *proof});
}

base::Result<Answered200> OwnerRedeems::answer(const authority::Actor& actor,
                                               const base::json::value& owner_redeem) {
  TRY(const auto read, read_owner_redeem(owner_redeem));
  return read.proves ? redeem(actor, read) : challenge(read);
}

std::size_t OwnerRedeems::outstanding() const {
  const std::lock_guard lock(mutex_);
  return drawn_.size();
}

}  // namespace kronborg::pairing
