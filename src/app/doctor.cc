#include "app/doctor.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include "app/app.h"
#include "app/upstream_probe.h"
#include "base/file.h"

namespace kronborg::app {
namespace {

constexpr std::size_t max_bundle_bytes = std::size_t{33} << 20U;
constexpr std::int64_t earliest_sane_time = 1'735'689'600;  // 2025-01-01: this program did not
                                                            // exist before

void add(std::vector<Finding>& findings, std::string check, std::string message) {
  findings.push_back({std::move(check), true, Severity::note, std::move(message), {}});
}

void add(std::vector<Finding>& findings, std::string check, Severity severity, std::string message,
         std::string repair) {
  findings.push_back({std::move(check), false, severity, std::move(message), std::move(repair)});
}

void look_at_clock(std::vector<Finding>& findings, const base::Clock& clock) {
  timex state{};
  const int status = adjtimex(&state);
  if (clock.now() < earliest_sane_time) {
    add(findings, "clock", Severity::error,
        fmt::format("the clock says {}", base::iso_time(clock.now_ms())),
        "set the clock: keys expire by it");
  } else if (status == TIME_ERROR) {
    add(findings, "clock", Severity::note, "the clock is not synchronised",
        "run a time service such as systemd-timesyncd");
  } else {
    add(findings, "clock", "synchronised");
  }
}

std::string_view words_of(keyholder::KeystoreKind kind, keyholder::Asks asks) {
  using keyholder::KeystoreKind;
  switch (kind) {
    case KeystoreKind::passphrase:
      return "sealed with a passphrase";
    case KeystoreKind::tpm2:
      return asks == keyholder::Asks::pin ? "sealed to the TPM of this machine, with a PIN"
                                          : "sealed to the TPM of this machine, without a PIN";
    case KeystoreKind::secret_service:
      return "sealed with a key in the desktop keyring";
    case KeystoreKind::file:
      return "protected by file permissions only";
  }
  return {};
}

void look_at_tpm(std::vector<Finding>& findings, App& app,
                 const keyholder::KeyHolder::KeystoreFacts& keystore) {
  const auto& path = app.config().text("keystore.tpm");
  const bool needed = keystore.kind == keyholder::KeystoreKind::tpm2;
  std::error_code unknown;
  if (!std::filesystem::exists(path, unknown)) {
    if (needed) {
      add(findings, "TPM", Severity::error, path + ", which opens the keystore, is not there",
          "attach the TPM, set keystore.tpm, or recover the identity: kronborg recover");
    } else {
      add(findings, "TPM", Severity::note, "there is no TPM 2.0 at " + path,
          "keystore.tpm names another place");
    }
  } else if (access(path.c_str(), R_OK | W_OK) != 0) {
    add(findings, "TPM", needed ? Severity::error : Severity::note,
        path + " may not be used by this user", "add the user to the group of the device");
  } else {
    add(findings, "TPM", path + " can be used");
  }
}

/// The copy that somebody counts on when the data folder is gone.
void look_at_bundle(std::vector<Finding>& findings, App& app) {
  const auto facts = app.identity().facts();
  if (!facts || !*facts) return;
  const auto bundle = base::read_file(app.data_folder() / "recovery.json", max_bundle_bytes);
  if (!bundle) {
    add(findings, "recovery", Severity::warning, "the recovery bundle cannot be read",
        "it is written at the next unlock: kronborg unlock");
    return;
  }
  if (const auto warning = app.maintenance().bundle_warning(); !warning.empty()) {
    add(findings, "recovery", Severity::warning, warning, "check the recovery folder, and unlock");
    return;
  }
  if ((*facts)->recovery_folder) {
    const auto copy = std::filesystem::path(*(*facts)->recovery_folder) / "recovery.json";
    const auto text = base::read_file(copy, max_bundle_bytes);
    if (!text || *text != *bundle) {
      add(findings, "recovery", Severity::warning,
          fmt::format("{} is not the current bundle", copy.string()),
          "check the recovery folder; the copy is written again at the next unlock");
      return;
    }
  }
  add(findings, "recovery", "the recovery bundle is current");
}

void look_at_identity(std::vector<Finding>& findings, App& app) {
  const auto keystore = app.key_holder().keystore();
  if (!keystore) {
    if (keystore.error().code == base::Code::identity_missing) {
      add(findings, "keystore", Severity::warning, "there is no identity yet", "kronborg init");
    } else {
      add(findings, "keystore", Severity::error, std::string(keystore.error().text()),
          std::string(keystore.error().next_step()));
    }
    return;
  }
  if (keystore->kind == keyholder::KeystoreKind::file) {
    add(findings, "keystore", Severity::warning,
        "the master key is protected by file permissions only",
        "for more than a trial: kronborg init --replace --keystore passphrase");
  } else {
    add(findings, "keystore", std::string(words_of(keystore->kind, keystore->asks)));
  }
  look_at_tpm(findings, app, *keystore);
  if (keystore->device_id.empty()) {
    add(findings, "device", Severity::warning, "this host has no device key", "kronborg recover");
  } else if (app.key_holder().in_tpm(keystore->device_id)) {
    add(findings, "device", "the device key is held by the TPM");
  } else {
    add(findings, "device", "the device key is a software key, held in the keystore");
  }
  const auto facts = app.identity().facts();
  if (!facts) {
    add(findings, "store", Severity::error, std::string(facts.error().text()),
        std::string(facts.error().next_step()));
    return;
  }
  if (!app.key_holder().locked()) {
    const auto derived = app.key_holder().address({});
    if (!derived || !*facts || *derived != (*facts)->master) {
      add(findings, "identity", Severity::error,
          "the keystore does not hold the key of this identity",
          "restore the data folder from a backup");
    } else {
      add(findings, "identity", "the keystore holds the key of " + derived->text());
    }
  }
}

/// Stored agent addresses against the derived ones; only while unlocked.
void look_at_agents(std::vector<Finding>& findings, App& app) {
  if (app.key_holder().locked()) return;
  int looked_at = 0;
  authority::Page page{.after = 0, .limit = 500};
  for (;;) {
    const auto agents = app.agents().list(page);
    if (!agents) return;
    for (const auto& agent : agents->items) {
      ++looked_at;
      const auto derived =
          app.key_holder().address({identity::KeyKind::agent, {agent.scope, agent.index}});
      if (!derived || *derived != agent.address) {
        add(findings, "agents", Severity::error,
            fmt::format("the stored address of agent {} is not the derived one", agent.name),
            "restore the data folder from a backup, or rotate the agent");
      }
    }
    if (!agents->has_more) break;
    page.after = agents->last;
  }
  add(findings, "agents",
      fmt::format("{} stored addresses agree with the derived ones", looked_at));
}

void look_at_exposure(std::vector<Finding>& findings, App& app) {
  if (app.settings().loopback_only) {
    add(findings, "exposure", "listens on loopback only");
  } else if (!app.settings().tls) {
    add(findings, "exposure", Severity::warning, "listens beyond loopback without TLS",
        "set tls.certificate and tls.key; keys cross the network in clear");
  } else {
    add(findings, "exposure", "listens beyond loopback, with TLS");
  }
  if (app.config().flag("gate.trust_loopback")) {
    add(findings, "exposure", Severity::warning,
        "programs on this machine need no key (gate.trust_loopback)",
        "turn it off unless every local user is trusted");
  }
}

void look_at_lan(std::vector<Finding>& findings, App& app) {
  const auto standing = app.advertise().standing();
  if (!standing) return;
  const auto text =
      fmt::format("{} of {} services are announced", standing->established, standing->wanted);
  if (standing->established == standing->wanted) {
    add(findings, "mDNS", text);
  } else {
    add(findings, "mDNS", Severity::warning, text,
        "start avahi-daemon; until then connectors need the address of this host");
  }
}

void look_at_upstreams(std::vector<Finding>& findings, App& app) {
  auto urls = app.exposure().upstreams;
  if (urls.empty()) {
    for (const auto& upstream : app.config().upstreams()) urls.push_back(upstream.url);
  }
  if (urls.empty()) {
    add(findings, "upstreams", Severity::note, "no upstream is configured",
        "set gate.upstream in the configuration, or serve --upstream URL");
  }
  for (const auto& url : urls) {
    if (answers_connections(url)) {
      add(findings, "upstreams", url + " accepts connections");
    } else {
      add(findings, "upstreams", Severity::warning, url + " does not accept connections",
          "start it, or correct its URL");
    }
  }
}

void look_at_store(std::vector<Finding>& findings, App& app) {
  const auto facts = app.database().facts();
  const auto reached = app.database().read([](sql::Transaction& run) -> base::Result<void> {
    TRY_VOID(run("SELECT 1"));
    return {};
  });
  if (!reached) {
    add(findings, "store", Severity::error, std::string(reached.error().text()),
        std::string(reached.error().next_step()));
  } else {
    add(findings, "store",
        fmt::format("{} {} answers, schema version {}", facts.kind, facts.place,
                    facts.schema_version));
  }
}

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "error";
}

}  // namespace

std::vector<Finding> examine_folder(const std::filesystem::path& data_folder) {
  std::vector<Finding> findings;
  std::error_code failure;
  if (!std::filesystem::exists(data_folder, failure)) {
    add(findings, "data folder", Severity::note, data_folder.string() + " does not exist yet",
        "kronborg init");
    return findings;
  }
  if (const auto folder = base::prepare_private_folder(data_folder); !folder) {
    add(findings, "data folder", Severity::error, std::string(folder.error().text()),
        "chmod 700 " + data_folder.string());
  } else {
    add(findings, "data folder", data_folder.string() + " is private");
  }
  for (const auto* name : {"keystore.json", "recovery.json", "kronborg.db", "kronborg.db-wal"}) {
    const auto file = data_folder / name;
    if (!std::filesystem::exists(file, failure)) continue;
    if (const auto state = base::require_private_file(file); !state) {
      add(findings, "file modes", Severity::error, std::string(state.error().text()),
          "chmod 600 " + file.string());
    } else {
      add(findings, "file modes", std::string(name) + " is private");
    }
  }
  return findings;
}

std::vector<Finding> examine(App& app) {
  auto findings = examine_folder(app.data_folder());
  look_at_clock(findings, app.clock());
  look_at_identity(findings, app);
  look_at_agents(findings, app);
  look_at_exposure(findings, app);
  look_at_lan(findings, app);
  look_at_upstreams(findings, app);
  look_at_store(findings, app);
  look_at_bundle(findings, app);
  return findings;
}

base::json::value findings_json(const std::vector<Finding>& findings) {
  base::json::array array;
  for (const auto& finding : findings) {
    base::json::object object{{"check", finding.check},
                              {"ok", finding.ok},
                              {"severity", name_of(finding.ok ? Severity::note : finding.severity)},
                              {"message", finding.message}};
    if (!finding.repair.empty()) object["repair"] = finding.repair;
    array.emplace_back(std::move(object));
  }
  return array;
}

}  // namespace kronborg::app
