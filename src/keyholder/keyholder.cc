#include "keyholder/keyholder.h"

#include <fcntl.h>

#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "keyholder/content.h"
#include "keyholder/keyholder_state.h"
#include "keyholder/protocol.h"

namespace kronborg::keyholder {

namespace fs = std::filesystem;
using base::Code;

base::Result<std::unique_ptr<KeyHolder>> KeyHolder::spawn(SpawnOptions options) {
  if (!options.delay) {
    options.delay = [](int seconds) { std::this_thread::sleep_for(std::chrono::seconds(seconds)); };
  }
  TRY(HolderProcess process, HolderProcess::start(options.executable));
  auto state = std::make_unique<State>(std::move(options), std::move(process));
  TRY_VOID(state->connection.greet());
  return std::unique_ptr<KeyHolder>(new KeyHolder(std::move(state)));
}

KeyHolder::KeyHolder(std::unique_ptr<State> state) : state_(std::move(state)) {}
KeyHolder::~KeyHolder() = default;

base::Result<NewIdentity> KeyHolder::create(KeystoreKind kind, const base::SecretText& secret,
                                            const std::optional<fs::path>& recovery_folder,
                                            bool replace, std::int64_t now) {
  TRY_VOID(require_room_for(secret));
  const std::lock_guard lock(state_->files);
  const auto copy = state_->copy_in(recovery_folder);
  TRY_VOID(state_->may_create(copy, replace));
  const auto before = state_->facts();
  TRY(StagedKeystore staged, stage_keystore(state_->keystore(), state_->bundle(), copy,
                                            replace ? Existing::replace : Existing::refuse));
  // Before the aid, which may be the TPM too: one in software serves one user at a time.
  const std::string device = state_->new_tpm_device();
  auto aid_made = state_->aid_for_new(kind);
  if (!aid_made) {
    state_->discard_tpm_device(device);
    return std::move(aid_made).error();
  }
  const State::Aid aid = *std::move(aid_made);
  CreateRequest request;
  request.kind = kind;
  request.copy = copy.has_value();
  request.aid = aid.descriptor.has_value();
  request.now = now;
  request.secret = secret.duplicate();
  request.item = aid.item;
  request.device = device;
  if (aid.descriptor) staged.descriptors.push_back(aid.descriptor->get());
  auto reply = state_->connection.ask<CreateReply>(std::move(request), staged.descriptors);
  auto placed = reply ? staged.files.commit() : base::Result<void>(reply.error());
  if (!placed) {
    state_->discard_item(aid.item);
    state_->discard_tpm_device(device);
    return std::move(placed).error();
  }
  // The identity exists from here on, whatever becomes of the holder.
  const bool adopted = state_->connection.ask<DoneReply>(AdoptRequest{}).has_value();
  if (!adopted) static_cast<void>(state_->connection.ask<DoneReply>(LockRequest{}));
  state_->locked = !adopted;
  if (before) {
    state_->discard_item(before->item);
    state_->discard_tpm_device(before->device_id);
  }
  return std::move(reply->created);
}

base::Result<void> KeyHolder::unlock(const base::SecretText& secret) {
  return state_->attempt([&] { return state_->unlock_now(secret); });
}

base::Result<void> KeyHolder::lock() {
  TRY_VOID(state_->connection.ask<DoneReply>(LockRequest{}));
  state_->locked = true;
  return {};
}

bool KeyHolder::locked() const { return state_->locked || !state_->connection.alive(); }

base::Result<KeyHolder::KeystoreFacts> KeyHolder::keystore() const { return state_->facts(); }

base::Result<BundleFacts> KeyHolder::bundle() const { return bundle_at(state_->bundle()); }

base::Result<crypto::Signature> KeyHolder::sign(identity::Prefix prefix, base::BytesView payload,
                                                const KeyRef& key) {
  if (payload.size() > max_payload_bytes || key.agent.scope.size() > max_scope_bytes) {
    return Code::signing_refused;
  }
  SignRequest request{.prefix = prefix, .key = key, .payload = {payload.begin(), payload.end()}};
  TRY(const SignatureReply reply, state_->connection.ask<SignatureReply>(std::move(request)));
  return reply.signature;
}

base::Result<identity::Address> KeyHolder::address(const KeyRef& key) {
  if (key.agent.scope.size() > max_scope_bytes) return Code::not_a_key;
  TRY(const AddressReply reply, state_->connection.ask<AddressReply>(AddressRequest{.key = key}));
  return reply.address;
}

base::Result<void> KeyHolder::rewrite_bundle(std::string_view content, std::int64_t now,
                                             const std::optional<fs::path>& recovery_folder) {
  const std::lock_guard lock(state_->files);
  StagedFiles staged;
  TRY(const Descriptor source, in_memory(content));
  TRY(const int target, staged.add(state_->bundle(), Existing::replace));
  std::vector<int> files{source.get(), target};
  RewriteRequest request{.now = now};

  StagedFiles staged_copy;
  std::optional<base::Error> copy_failure;
  if (const auto copy = state_->copy_in(recovery_folder)) {
    const auto there = bundle_at(*copy);
    const auto ours = state_->facts();
    if (there && ours && there->master != ours->master) {
      copy_failure = foreign_bundle(*copy);
    } else if (auto fd = staged_copy.add(*copy, Existing::replace)) {
      request.copy = true;
      files.push_back(*fd);
    } else {
      copy_failure = std::move(fd).error();
    }
  }
  Descriptor present(::open(state_->bundle().c_str(), O_RDONLY | O_CLOEXEC));
  request.present = present.valid();
  if (request.present) files.push_back(present.get());

  const bool copies = request.copy;
  TRY(RewriteReply reply, state_->connection.ask<RewriteReply>(std::move(request), files));
  TRY_VOID(staged.commit());
  if (!reply.copied) {
    copy_failure = error_of(std::move(reply.why));
  } else if (copies) {
    if (auto done = staged_copy.commit(); !done) copy_failure = std::move(done).error();
  }
  const std::lock_guard copy_lock(state_->copy_mutex);
  state_->copy_failure = std::move(copy_failure);
  return {};
}

std::optional<base::Error> KeyHolder::copy_failure() const {
  const std::lock_guard lock(state_->copy_mutex);
  return state_->copy_failure;
}

base::Result<HolderStatus> KeyHolder::status() const {
  TRY(const StatusReply reply, state_->connection.ask<StatusReply>(StatusRequest{}));
  return reply.status;
}

pid_t KeyHolder::process() const { return state_->connection.pid(); }

}  // namespace kronborg::keyholder
