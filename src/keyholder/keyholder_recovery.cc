#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/file.h"
#include "keyholder/content.h"
#include "keyholder/keyholder_state.h"
#include "keyholder/protocol.h"
#include "keyholder/recovery.h"

// The operations of KeyHolder that docs/protocol/identity.md section 14.3 names.

namespace kronborg::keyholder {

namespace fs = std::filesystem;
using base::Code;

struct PreparedRecovery::State {
  State(KeyHolder::State& key_holder, std::unique_lock<std::mutex> held, StagedFiles staged)
      : holder(key_holder), lock(std::move(held)), files(std::move(staged)) {}

  KeyHolder::State& holder;
  std::unique_lock<std::mutex> lock;  // of holder.files
  StagedFiles files;
  Recovered recovered;
  std::string item;      ///< new in the keyring
  std::string old_item;  ///< of the keystore that makes room
  std::string device;    ///< new in the TPM
  bool kept = false;
};

PreparedRecovery::PreparedRecovery(std::unique_ptr<State> state) : state_(std::move(state)) {}
PreparedRecovery::PreparedRecovery(PreparedRecovery&&) noexcept = default;

PreparedRecovery::~PreparedRecovery() {
  if (!state_ || state_->kept) return;
  static_cast<void>(state_->holder.connection.ask<DoneReply>(AdoptRequest{.keep = false}));
  state_->holder.discard_item(state_->item);
  state_->holder.discard_tpm_device(state_->device);
}

void PreparedRecovery::take(Recovered recovered, std::string old_item) {
  state_->recovered = std::move(recovered);
  state_->old_item = std::move(old_item);
}

Recovered& PreparedRecovery::recovered() { return state_->recovered; }

std::vector<PlacedFile> PreparedRecovery::files() const { return state_->files.described(); }

base::Result<void> PreparedRecovery::place() { return state_->files.place(); }

void PreparedRecovery::take_back() { state_->files.take_back(); }

void PreparedRecovery::leave() {
  state_->files.leave();
  state_->item.clear();
  state_->device.clear();
}

void PreparedRecovery::keep() {
  state_->kept = true;
  state_->files.keep();
  KeyHolder::State& holder = state_->holder;
  const bool adopted = holder.connection.ask<DoneReply>(AdoptRequest{}).has_value();
  if (!adopted) static_cast<void>(holder.connection.ask<DoneReply>(LockRequest{}));
  holder.locked = !adopted;
  holder.discard_item(state_->old_item);
}

namespace {

/// What stands where a bundle of the recovery belongs.
struct Overwriting {
  const identity::Address& master;  ///< that is recovered
  std::int64_t updated_at;          ///< of the bundle that it comes from; 0: none
  bool store_is_newer;              ///< than any bundle of that master
  const std::optional<identity::Address>& old_master;  ///< that makes room
};
base::Result<void> may_overwrite(const fs::path& path, const Overwriting& with) {
  if (!is_there(path)) return {};
  const auto there = bundle_at(path);
  if (there && there->master == with.master) {
    if (with.store_is_newer || there->updated_at <= with.updated_at) return {};
    return base::Error(Code::bundle_older,
                       fmt::format("{} is a newer bundle of this identity, of {}.", path.string(),
                                   base::iso_time(there->updated_at * 1000)),
                       "Recover with that one and its code, or move it away first.");
  }
  if (there && there->master == with.old_master) return {};
  if (there) return foreign_bundle(path);
  return base::Error(there.error().code,
                     path.string() + " is no recovery bundle that this version reads.",
                     "Move it away first.");
}

/// Not proven by anything: only used to go above it.
std::int64_t generation_at(const fs::path& path) {
  const auto there = bundle_at(path);
  return there ? there->generation : 0;
}

base::Result<std::string> content_of(const Descriptor& file) {
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return file_failure("rewind", errno);
  return read_content(file.get(), max_bundle_content_bytes, "what was recovered");
}

}  // namespace

base::Result<PreparedRecovery> KeyHolder::prepare_recovery(Recovery recovery) {
  for (const auto* const secret : {&recovery.secret, &recovery.code, &recovery.words}) {
    TRY_VOID(require_room_for(*secret));
  }
  std::unique_lock lock(state_->files);
  if (!recovery.replace && is_there(state_->keystore())) return Code::identity_exists;
  const auto old = state_->facts();
  const auto copy = state_->copy_in(recovery.recovery_folder);
  TRY(StagedKeystore staged,
      stage_keystore(state_->keystore(), state_->bundle(), copy, Existing::replace));
  auto prepared =
      std::make_unique<PreparedRecovery::State>(*state_, std::move(lock), std::move(staged.files));
  TRY(const Descriptor restored, in_memory({}));
  TRY(const Descriptor source, in_memory(recovery.bundle));
  // Before the aid, which may be the TPM too: one in software serves one user at a time.
  const std::string device = state_->new_tpm_device();
  auto aid_made = state_->aid_for_new(recovery.kind);
  if (!aid_made) {
    state_->discard_tpm_device(device);
    return std::move(aid_made).error();
  }
  const State::Aid aid = *std::move(aid_made);
  prepared->item = aid.item;
  prepared->device = device;

  RecoverRequest request;
  request.keystore.kind = recovery.kind;
  request.keystore.copy = copy.has_value();
  request.keystore.aid = aid.descriptor.has_value();
  request.keystore.now = recovery.now_ms / 1000;
  request.keystore.secret = std::move(recovery.secret);
  request.keystore.item = aid.item;
  request.keystore.device = device;
  request.bundle = recovery.words.empty();
  request.code = std::move(recovery.code);
  request.words = std::move(recovery.words);
  request.earlier = recovery.earlier;
  request.now_ms = recovery.now_ms;
  request.generation_above = generation_at(state_->bundle());
  std::vector<int>& files = staged.descriptors;
  files.push_back(restored.get());
  if (request.bundle) files.push_back(source.get());
  if (aid.descriptor) files.push_back(aid.descriptor->get());
  PreparedRecovery result(std::move(prepared));  // from here on a failure drops the new keys
  TRY(RecoverReply reply, state_->connection.ask<RecoverReply>(std::move(request), files));

  const std::optional<identity::Address> old_master =
      old ? std::optional(old->master) : std::nullopt;
  const Overwriting with{.master = reply.created.master,
                         .updated_at = reply.updated_at,
                         .store_is_newer = recovery.store_master == reply.created.master,
                         .old_master = old_master};
  TRY_VOID(may_overwrite(state_->bundle(), with));
  if (copy) TRY_VOID(may_overwrite(*copy, with));
  result.take({.identity = std::move(reply.created),
               .created_at = reply.created_at,
               .updated_at = reply.updated_at == 0 ? std::nullopt : std::optional(reply.updated_at),
               .content = {}},
              old ? old->item : std::string());
  TRY(result.recovered().content, content_of(restored));
  return result;
}

base::Result<Drill> KeyHolder::drill(std::string_view bundle, const base::SecretText& code) {
  TRY_VOID(require_room_for(code));
  TRY(const Descriptor file, in_memory(bundle));
  const int fd = file.get();
  DrillRequest request;
  request.code = code.duplicate();
  TRY(const DrillReply reply, state_->connection.ask<DrillReply>(std::move(request), {&fd, 1}));
  return Drill{.bundle = reply.facts, .agents = reply.agents};
}

base::Result<base::SecretText> KeyHolder::new_code(const base::SecretText& secret,
                                                   std::string_view content, std::int64_t now,
                                                   const std::optional<fs::path>& folder) {
  return state_->attempt([&]() -> base::Result<base::SecretText> {
    const std::lock_guard lock(state_->files);
    TRY(const KeystoreFacts known, state_->facts());
    if (!require_room_for(secret)) return Code::wrong_passphrase;
    const auto copy = state_->copy_in(folder);
    if (copy && is_there(*copy)) {
      const auto there = bundle_at(*copy);
      if (there && there->master != known.master) return foreign_bundle(*copy);
    }
    TRY(const State::Aid aid, state_->aid_for(known));
    TRY(StagedKeystore staged,
        stage_keystore(state_->keystore(), state_->bundle(), copy, Existing::replace));
    TRY(const Descriptor source, in_memory(content));
    TRY(const Descriptor keystore, state_->open_keystore());
    const Descriptor present(::open(state_->bundle().c_str(), O_RDONLY | O_CLOEXEC));
    NewCodeRequest request;
    request.now = now;
    request.copy = copy.has_value();
    request.present = present.valid();
    request.aid = aid.descriptor.has_value();
    request.secret = secret.duplicate();
    std::vector<int> files{source.get(), keystore.get()};
    files.insert(files.end(), staged.descriptors.begin(), staged.descriptors.end());
    if (present.valid()) files.push_back(present.get());
    if (aid.descriptor) files.push_back(aid.descriptor->get());
    TRY(SecretReply reply, state_->connection.ask<SecretReply>(std::move(request), files));
    auto placed = staged.files.commit();
    const bool adopted =
        state_->connection.ask<DoneReply>(AdoptRequest{.keep = placed.has_value()}).has_value();
    if (!placed) return std::move(placed).error();
    // Held keys that do not fit the files any more must not rewrite the bundle.
    if (!adopted) {
      static_cast<void>(state_->connection.ask<DoneReply>(LockRequest{}));
      state_->locked = true;
    }
    return std::move(reply.secret);
  });
}

base::Result<base::SecretText> KeyHolder::words(const base::SecretText& secret) {
  return state_->attempt([&]() -> base::Result<base::SecretText> {
    const std::lock_guard lock(state_->files);
    TRY(const KeystoreFacts known, state_->facts());
    if (!require_room_for(secret)) return Code::wrong_passphrase;
    TRY(const State::Aid aid, state_->aid_for(known));
    TRY(const Descriptor keystore, state_->open_keystore());
    WordsRequest request;
    request.aid = aid.descriptor.has_value();
    request.secret = secret.duplicate();
    std::vector<int> files{keystore.get()};
    if (aid.descriptor) files.push_back(aid.descriptor->get());
    TRY(SecretReply reply, state_->connection.ask<SecretReply>(std::move(request), files));
    return std::move(reply.secret);
  });
}

base::Result<bool> KeyHolder::bundle_is_sound(const std::optional<fs::path>& folder) {
  const std::lock_guard lock(state_->files);
  if (locked()) return Code::identity_locked;
  const auto present = base::read_file(state_->bundle(), max_bundle_bytes);
  if (!present) return false;
  if (const auto copy = state_->copy_in(folder)) {
    const auto there = base::read_file(*copy, max_bundle_bytes);
    if (!there || *there != *present) return false;
  }
  TRY(const Descriptor file, in_memory(*present));
  const int fd = file.get();
  TRY(const SoundReply reply, state_->connection.ask<SoundReply>(SoundRequest{}, {&fd, 1}));
  return reply.sound;
}

}  // namespace kronborg::keyholder
