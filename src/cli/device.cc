#include <fmt/format.h>

#include <filesystem>

#include "base/encoding.h"
#include "cli/commands.h"
#include "cli/space_text.h"
#include "keyholder/tpm_device.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using keyholder::TpmDevice;

constexpr std::size_t max_evidence_bytes = 128UL * 1024;

struct DeviceOptions {
  std::string device;
  std::string challenge;
  std::optional<std::string> evidence, id, name, issuer;
  bool begin = false;
};

/// The device by its id, or by its name when only one has it.
base::Result<json::value> find(Context& context, const std::string& wanted) {
  TRY(const auto devices, context.all_of("/api/v1/devices", "devices"));
  std::optional<json::value> found;
  for (const auto& device : devices) {
    if (text_of(device, "id") == wanted) return device;
    if (text_of(device, "name") != wanted) continue;
    if (found) {
      return base::Error(base::Code::usage, "More than one device has that name.", "Use the id.");
    }
    found = device;
  }
  if (!found) return base::Code::device_not_found;
  return *std::move(found);
}

std::string held_by(const json::value& device) {
  const auto& attestation = device.at("attestation");
  const auto format = text_of(attestation, "format");
  if (format == "none") return "no key: proves nothing of itself";
  if (format == "software") return "a software key";
  if (format == "tpm2") {
    return text_of(attestation, "manufacturer") == "checked" ? "a TPM 2.0, its manufacturer checked"
                                                             : "a TPM 2.0, manufacturer: unchecked";
  }
  return "Apple App Attest, " + text_of(attestation, "appId") + ", " +
         text_of(attestation, "environment");
}

void print_facts(const json::value& device) {
  Facts facts;
  facts.add("device", text_of(device, "id"));
  if (const auto name = text_of(device, "name"); !name.empty()) facts.add("name", name);
  facts.add("kind", text_of(device, "kind"));
  facts.add("key held by", held_by(device));
  facts.add("speaks for", text_of(device, "issuer"));
  facts.add("registered", date_of(device, "createdAt"));
  if (const auto seen = date_of(device, "lastSeenAt"); !seen.empty()) facts.add("last seen", seen);
  if (const auto end = date_of(device, "revokedAt"); !end.empty()) facts.add("revoked", end);
  facts.print();
}

int list(Context& context) {
  const auto devices = context.all_of("/api/v1/devices", "devices");
  if (!devices) return context.fail(devices.error());
  return context.show(json::object{{"devices", *devices}}, [&] {
    Table table({"ID", "KIND", "NAME", "SPEAKS FOR", "LAST SEEN", "STATE"});
    for (const auto& device : *devices) {
      table.add({text_of(device, "id"), text_of(device, "kind"), text_of(device, "name"),
                 text_of(device, "issuer"), date_of(device, "lastSeenAt"),
                 text_of(device, "revokedAt").empty() ? "active" : "revoked"});
    }
    table.print("no device yet: kronborg init registers the one of this host");
  });
}

int show(Context& context, const DeviceOptions& options) {
  const auto device = find(context, options.device);
  if (!device) return context.fail(device.error());
  return context.show(*device, [&] { print_facts(*device); });
}

int revoke(Context& context, const DeviceOptions& options) {
  const auto device = find(context, options.device);
  if (!device) return context.fail(device.error());
  const auto reply = context.call(
      "POST", "/api/v1/devices/" + segment(text_of(*device, "id")) + "/revoke", json::object());
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value, [&] {
    fmt::print("revoked for good: its requests are refused from the next one on\n");
  });
}

base::Result<std::string> new_challenge(Context& context) {
  TRY(const auto reply, context.call("POST", "/api/v1/devices/challenges", json::object()));
  return text_of(reply.value, "challenge");
}

base::Result<base::Bytes> bytes_in(const json::value& object, std::string_view member) {
  auto bytes = base::base64url_strict(text_of(object, member));
  if (!bytes) return base::Error(base::Code::internal_error, "The server answered something else.");
  return *std::move(bytes);
}

/// The evidence of this machine's TPM, and once more with what it activates when it is asked to.
base::Result<Reply> register_tpm(Context& context, const TpmDevice& device,
                                 const std::filesystem::path& tpm, json::object body) {
  TRY(const std::string challenge, new_challenge(context));
  const auto bytes = base::base64url_strict(challenge);
  if (!bytes || bytes->size() != 32) return base::Code::internal_error;
  TRY(const auto evidence, device.evidence(tpm, base::BytesView(*bytes).first<32>()));
  body["kind"] = "tpm2";
  body["challenge"] = challenge;
  body["devicePublic"] = base::base64url(evidence.device_public);
  body["akPublic"] = base::base64url(evidence.attestation_public);
  body["certify"] = base::base64url(evidence.certify);
  body["signature"] = base::base64url(evidence.signature);
  body["proof"] = base::base64url(evidence.proof);
  if (evidence.ek_certificate) body["ekCertificate"] = base::base64url(*evidence.ek_certificate);
  TRY(auto reply, context.call("POST", "/api/v1/devices", body));
  if (reply.status != 202) return reply;
  TRY(const auto credential, bytes_in(reply.value, "credential"));
  TRY(const auto secret, bytes_in(reply.value, "secret"));
  TRY(const auto activated, device.activate(tpm, credential, secret));
  body["activation"] = base::base64url(activated);
  return context.call("POST", "/api/v1/devices", body);
}

/// A new key in the TPM of this machine; its wrapped parts stay in the data folder.
base::Result<Reply> register_here(Context& context, json::object body) {
  TRY(const auto config, context.load_config());
  TRY(const auto folder, context.folder());
  const std::filesystem::path tpm = config.text("keystore.tpm");
  TRY(const TpmDevice device, TpmDevice::create(tpm, folder));
  auto reply = register_tpm(context, device, tpm, std::move(body));
  if (!reply) TpmDevice::remove(folder, device.id());
  return reply;
}

base::Result<Reply> register_evidence(Context& context, const std::string& file,
                                      const json::object& more) {
  TRY(const std::string text, read_input(file, max_evidence_bytes));
  auto evidence = base::parse_json(text);
  if (!evidence || !evidence->is_object()) {
    return base::Error(base::Code::usage, "The evidence is not a JSON object.",
                       "Give what 'kronborg device evidence' printed on the device.");
  }
  json::object body = evidence->as_object();
  for (const auto& [name, value] : more) body[name] = value;
  return context.call("POST", "/api/v1/devices", body);
}

base::Result<Reply> register_as_asked(Context& context, const DeviceOptions& options) {
  json::object body;
  if (options.name) body["name"] = *options.name;
  if (options.issuer) body["issuer"] = *options.issuer;
  if (options.evidence) return register_evidence(context, *options.evidence, body);
  if (!options.id) return register_here(context, std::move(body));
  TRY(const std::string challenge, new_challenge(context));
  body["kind"] = "software";
  body["challenge"] = challenge;
  body["deviceId"] = *options.id;
  return context.call("POST", "/api/v1/devices", body);
}

int register_device(Context& context, const DeviceOptions& options) {
  if (options.begin) {
    const auto challenge = new_challenge(context);
    if (!challenge) return context.fail(challenge.error());
    return context.show(json::object{{"challenge", *challenge}, {"expiresIn", 120}}, [&] {
      fmt::print("{}\n", *challenge);
      fmt::print(stderr,
                 "good for 120 seconds; on the device: kronborg device evidence CHALLENGE\n");
    });
  }
  const auto reply = register_as_asked(context, options);
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value, [&] { print_facts(reply->value); });
}

int evidence(Context& context, const DeviceOptions& options) {
  std::string id = options.id.value_or("");
  if (id.empty()) {
    const auto identity = context.call("GET", "/api/v1/identity");
    if (!identity) return context.fail(identity.error());
    id = text_of(identity->value, "deviceId");
  }
  const auto reply = context.call("POST", "/api/v1/devices/" + segment(id) + "/evidence",
                                  json::object{{"challenge", options.challenge}});
  if (!reply) return context.fail(reply.error());
  fmt::print("{}\n", base::to_text(reply->value));
  return done;
}

void add_register(const Shell& noun, const std::shared_ptr<DeviceOptions>& options) {
  auto& context = noun.context;
  auto* verb = noun.verb(
      "register", "register a new key in this machine's TPM, or another device by its evidence",
      "kronborg device register --name 'this desk'\n"
      "  kronborg device register --challenge\n"
      "  kronborg device register --evidence evidence.json --issuer "
      "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
      [&context, options] { return register_device(context, *options); });
  auto* begin = verb->add_flag("--challenge", options->begin,
                               "only print a challenge, for a device elsewhere to answer");
  auto* evidence = verb->add_option("--evidence", options->evidence,
                                    "file with the answer of a device; '-': standard input");
  auto* id = verb->add_option("--id", options->id,
                              "a device without a key, where devices.allow_unattested is on");
  begin->excludes(evidence)->excludes(id);
  evidence->excludes(id);
  verb->add_option("--name", options->name, "what it is called in lists");
  verb->add_option("--issuer", options->issuer,
                   "address of the identity that it speaks for; the master unless given");
}

}  // namespace

void add_device_commands(const Shell& shell) {
  const auto noun = shell.noun("device", "devices whose signed requests are accepted");
  auto& context = shell.context;
  auto options = std::make_shared<DeviceOptions>();
  noun.verb("list", "list the devices", "kronborg device list",
            [&context] { return list(context); });
  noun.verb("show", "show a device", "kronborg device show 0a1b2c3d",
            [&context, options] { return show(context, *options); })
      ->add_option("device", options->device, "its id, or its name if unique")
      ->required();
  noun.verb("revoke", "refuse a device from now on, for good", "kronborg device revoke 0a1b2c3d",
            [&context, options] { return revoke(context, *options); })
      ->add_option("device", options->device, "its id, or its name if unique")
      ->required();
  add_register(noun, options);
  auto* prove = noun.verb("evidence", "answer another authority's challenge with this host's key",
                          "kronborg device evidence 4n8ZtS0kq1xW3sPpQbM7u6fYhVdXcRjLgNaEwTzKoIo",
                          [&context, options] { return evidence(context, *options); });
  prove->add_option("challenge", options->challenge, "what it gave")->required();
  prove->add_option("--id", options->id, "another device of this machine");
}

}  // namespace kronborg::cli
