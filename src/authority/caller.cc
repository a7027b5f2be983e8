#include <algorithm>

#include "authority/verify.h"
#include "base/encoding.h"
#include "base/text.h"
#include "identity/label.h"

namespace kronborg::authority {

namespace {

void append_field(std::string& fields, std::string_view name, std::string_view value) {
  fields.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

bool Caller::may_use(const identity::Address& agent) const {
  return scope_ == Scope::master ||
         std::ranges::any_of(agents(), [&](const auto& one) { return one->address == agent; });
}

void Caller::choose(const identity::Address& agent) {
  const auto chosen =
      std::ranges::find_if(agents_, [&](const auto& one) { return one->address == agent; });
  if (chosen == agents_.end()) return;  // it is the only one already
  agent_ = *chosen;
  audience_ = agent;
  agents_.clear();
  write_fields();
}

void Caller::write_fields() {
  std::string fields;
  append_field(fields, "X-Kronborg-Issuer", issuer_.text());
  const bool chosen = scope_ == Scope::master || agent_ != nullptr;
  if (chosen) append_field(fields, "X-Kronborg-Audience", audience_.text());
  append_field(fields, "X-Kronborg-Scope", scope_ == Scope::master ? "master" : "agent");
  if (scope_ == Scope::agent && chosen) append_field(fields, "X-Kronborg-Agent", agent_->id);
  if (!key_id_.empty()) append_field(fields, "X-Kronborg-Key-Id", key_id_);
  const auto label = base::first_scalars(label_, identity::max_label_scalars);
  if (!label.empty()) append_field(fields, "X-Kronborg-Label", base::percent_encode(label));
  identity_fields_ = std::move(fields);
}

}  // namespace kronborg::authority
