const DAY = 86_400;

export type ExpiryChoice = '30d' | '90d' | '1y' | 'never';

/**
 * `exp` for a choice, Unix seconds; undefined for a key that never expires
 * (docs/protocol/identity.md section 5.3). A year keeps date and time; 29 February becomes the
 * 28th.
 */
export function expiryOf(issuedAt: number, choice: ExpiryChoice): number | undefined {
  switch (choice) {
    case '30d':
      return issuedAt + 30 * DAY;
    case '90d':
      return issuedAt + 90 * DAY;
    case '1y':
      return aYearAfter(issuedAt);
    case 'never':
      return undefined;
  }
}

function aYearAfter(seconds: number): number {
  const date = new Date(seconds * 1000);
  const year = date.getUTCFullYear() + 1;
  const isLeapDay = date.getUTCMonth() === 1 && date.getUTCDate() === 29;
  date.setUTCFullYear(year, date.getUTCMonth(), isLeapDay ? 28 : date.getUTCDate());
  return date.getTime() / 1000;
}

/** What decides whether a key is shown as a leftover of older products. */
export interface LegacyFacts {
  readonly now: number;
  readonly agents: readonly string[];
  readonly revoked: boolean;
  readonly expiresAt?: number | undefined;
  readonly audience: string;
  readonly source?: string | undefined;
}

/** `legacy` of docs/protocol/identity.md section 5.6. */
export function isLegacy(facts: LegacyFacts): boolean {
  const audience = facts.audience.toLowerCase();
  const isAgents = facts.agents.some((agent) => agent.toLowerCase() === audience);
  const isOld = facts.source === undefined || facts.source === 'pairing';
  return !facts.revoked && facts.expiresAt === undefined && !isAgents && isOld;
}
