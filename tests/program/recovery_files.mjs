// What the tests of recovery share.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file with a secret; its path. */
export function secretFile(folder, name, text) {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** Whether two files hold one bundle; said without their content. */
export function sameBundle(a, b) {
  return readFileSync(a).equals(readFileSync(b));
}

export function header(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** What a recovery that is over leaves of its temporary files. */
export function ofTheWay(home) {
  return readdirSync(home.data).filter((name) => /^(keystore|recovery)\.json./.test(name));
}
