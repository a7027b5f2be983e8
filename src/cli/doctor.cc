#include "app/doctor.h"

#include <fmt/format.h>

#include "cli/commands.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;

/// Findings when the parts cannot even be opened: what can be seen from outside, and why.
json::value look_from_outside(Context& context, const base::Error& why) {
  std::vector<app::Finding> findings;
  if (const auto folder = context.folder()) findings = app::examine_folder(*folder);
  findings.push_back({"start", false, app::Severity::error, std::string(why.text()),
                      std::string(why.next_step())});
  return json::object{{"findings", app::findings_json(findings)}};
}

void print_findings(const json::value& report) {
  for (const auto& finding : array_of(report, "findings")) {
    const bool ok = flag_of(finding, "ok");
    const auto severity = text_of(finding, "severity");
    fmt::print("{:<8} {:<12} {}\n", ok ? "ok" : severity, text_of(finding, "check"),
               text_of(finding, "message"));
    if (const auto repair = text_of(finding, "repair"); !repair.empty())
      fmt::print("{:<21} repair: {}\n", "", repair);
  }
}

int doctor(Context& context) {
  const auto reply = context.call("GET", "/api/v1/doctor");
  const auto report = reply ? reply->value : look_from_outside(context, reply.error());
  context.show(report, [&] { print_findings(report); });
  for (const auto& finding : array_of(report, "findings")) {
    if (!flag_of(finding, "ok") && text_of(finding, "severity") == "error") return local_error;
  }
  return done;
}

}  // namespace

void add_doctor_command(const Shell& shell) {
  auto& context = shell.context;
  shell.verb("doctor", "look for what is wrong, each finding with its repair", "kronborg doctor",
             [&context] { return doctor(context); });
}

}  // namespace kronborg::cli
