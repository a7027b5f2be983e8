import { KronborgError } from '../base/error.js';
import { collapseSpace, isWellFormed, scalarCount } from '../base/text.js';

const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
const SCALARS_MAX = 80;

/**
 * A label of an access key: white space collapsed, then 1..80 scalar values without control and
 * direction characters (docs/protocol/identity.md section 5.4). Else `label_invalid`.
 */
export function keyLabel(text: string): string {
  const label = collapseSpace(text);
  const size = scalarCount(label);
  if (size < 1 || size > SCALARS_MAX || FORBIDDEN.test(label) || !isWellFormed(label)) {
    throw new KronborgError(
      'label_invalid',
      'A label has 1 to 80 characters, none of them control.',
    );
  }
  return label;
}

/** The first 80 scalar values, for labels the product writes itself. */
export function cutLabel(text: string): string {
  return [...text].slice(0, SCALARS_MAX).join('');
}
