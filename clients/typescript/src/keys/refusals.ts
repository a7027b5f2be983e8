/** Codes of refused access keys (docs/protocol/identity.md sections 6 and 9). */
export type AccessKeyCode =
  | 'token_format'
  | 'payload_encoding'
  | 'signature_encoding'
  | 'payload_malformed'
  | 'signature_invalid'
  | 'issuer_mismatch'
  | 'audience_mismatch'
  | 'issuer_not_whitelisted'
  | 'issuer_not_allowed'
  | 'key_revoked'
  | 'key_expired';

/** Why an access key is not accepted. */
export interface KeyRefusal {
  readonly outcome: 'invalid' | 'revoked' | 'expired';
  readonly code: AccessKeyCode;
  /** Reason of section 6; for a revoked or expired key the word itself. */
  readonly reason: string;
  /** `message` of the 401 body (section 9). */
  readonly message: string;
}

const REASONS: Readonly<Record<AccessKeyCode, string>> = {
  token_format: 'Unrecognized token format',
  payload_encoding: 'Invalid payload encoding',
  signature_encoding: 'Invalid signature encoding',
  payload_malformed: 'Malformed payload',
  signature_invalid: 'Signature recovery failed',
  issuer_mismatch: 'Issuer mismatch',
  audience_mismatch: 'Audience mismatch',
  issuer_not_whitelisted: 'Issuer not whitelisted',
  issuer_not_allowed: 'Issuer not allowed for this audience',
  key_revoked: 'revoked',
  key_expired: 'expired',
};

export function keyRefusal(code: AccessKeyCode): KeyRefusal {
  const reason = REASONS[code];
  if (code === 'key_revoked') {
    return { outcome: 'revoked', code, reason, message: 'Access key has been revoked' };
  }
  if (code === 'key_expired') {
    return { outcome: 'expired', code, reason, message: 'Access key has expired' };
  }
  return { outcome: 'invalid', code, reason, message: `Invalid access key: ${reason}` };
}
