// What an exception accepts and how it stands, in words.
import type { ExceptionStanding, ExceptionView, Match } from '../bindings/more';
import type { Tone } from '../shared/Word';
import { counted } from '../shared/format';

/** What is accepted: content, never a line. Ids stand in backticks. */
export function accepts(match: Match): string {
  switch (match.type) {
    case 'secret':
      return `a secret \`${match.fingerprint.slice(0, 12)}\`${match.rule ? ` of rule \`${match.rule}\`` : ''}${match.path ? ` in \`${match.path}\`` : ''}`;
    case 'vulnerability':
      return `\`${match.aliases[0] ?? 'a vulnerability'}\` in \`${match.purl}\``;
    case 'license':
      return `the licence of \`${match.unit}\``;
    case 'gap':
      return `that \`${match.subject}\` is not scanned (${match.job})`;
  }
}

export const KINDS: Record<Match['type'], string> = {
  secret: 'secret',
  vulnerability: 'vulnerability',
  license: 'licence',
  gap: 'gap',
};

/** How long it still holds. What ended is never said to hold. */
export function stateWord(view: Pick<ExceptionView, 'state' | 'days_left'>): [Tone, string] {
  switch (view.state) {
    case 'live':
      return ['pass', `${counted(view.days_left, 'day')} left`];
    case 'expiring':
      return [
        'incomplete',
        view.days_left === 0 ? 'ends today' : `${counted(view.days_left, 'day')} left`,
      ];
    case 'expired':
      return ['quiet', 'expired'];
  }
}

export const USES: Record<ExceptionStanding, string> = {
  lifts: 'lifted something',
  unused: 'matched nothing',
  expired: 'had expired',
  unsigned: 'lifted nothing: the policy wants a signature',
  doubled: 'lifted nothing: another one does already',
};

export const HOW: Record<'known_user' | 'ssh_signature' | 'typed', string> = {
  known_user: 'who was logged in',
  ssh_signature: 'by SSH signature',
  typed: 'only typed',
};
