import { KronborgError } from '../base/error.js';
import { toHex } from '../base/hex.js';
import { type Random, systemRandom } from '../base/sources.js';
import { withoutSpace } from '../base/text.js';

const BRAND = 'OSAURUS';

/**
 * A new code `OSAURUS-XXXX-XXXX-XXXX-XXXX`: 8 random bytes (docs/protocol/identity.md section
 * 14.1).
 */
export function newRecoveryCode(random: Random = systemRandom): string {
  const digits = upper(toHex(random(8)));
  return [BRAND, ...(digits.match(/.{4}/g) ?? [])].join('-');
}

/** The 16 upper-case digits of a code, however it was typed; else `recovery_code_format`. */
export function recoveryCodeDigits(text: string): string {
  const bare = withoutSpace(upper(text)).replace(/[-_.]/g, '');
  const digits = bare.startsWith(BRAND) ? bare.slice(BRAND.length) : bare;
  if (!/^[0-9A-F]{16}$/.test(digits)) {
    throw new KronborgError(
      'recovery_code_format',
      'A recovery code has 16 hexadecimal digits: OSAURUS-XXXX-XXXX-XXXX-XXXX.',
    );
  }
  return digits;
}

function upper(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}
