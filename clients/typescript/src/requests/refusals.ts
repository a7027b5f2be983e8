/** Codes of refused request tokens and their reasons (docs/protocol/identity.md section 11). */
export const REQUEST_TOKEN_REASONS = {
  token_format: 'Unrecognized token format',
  request_token_header: 'Unsupported request token header',
  payload_encoding: 'Invalid payload encoding',
  signature_encoding: 'Invalid signature encoding',
  assertion_encoding: 'Invalid device assertion encoding',
  payload_malformed: 'Malformed payload',
  signature_invalid: 'Signature recovery failed',
  issuer_mismatch: 'Issuer mismatch',
  issuer_not_whitelisted: 'Issuer not whitelisted',
  request_token_parent: 'Parent or index mismatch',
  request_token_lifetime: 'Token lifetime out of range',
  request_token_not_yet_valid: 'Token is not valid yet',
  request_token_expired: 'Token has expired',
  request_token_before_start: 'Token was issued before this server started',
  request_token_audience: 'Host name mismatch',
  request_token_action: 'Action mismatch',
  device_unknown: 'Unknown device',
  device_revoked: 'Device has been revoked',
  device_assertion_missing: 'Device assertion missing',
  device_kind_mismatch: 'Device kind mismatch',
  device_assertion_invalid: 'Device assertion invalid',
  request_token_replayed: 'Counter already used',
} as const;

export type RequestTokenCode = keyof typeof REQUEST_TOKEN_REASONS;

/** Why a request token is not accepted. */
export interface RequestTokenRefusal {
  readonly outcome: 'refused';
  readonly code: RequestTokenCode;
  readonly reason: string;
  /** `message` of the 401 body. */
  readonly message: string;
}

export function requestTokenRefusal(code: RequestTokenCode): RequestTokenRefusal {
  const reason = REQUEST_TOKEN_REASONS[code];
  return { outcome: 'refused', code, reason, message: `Invalid request token: ${reason}` };
}
