// Reports, exceptions, registry, recorder, artifacts, tools and consents without a host: the recorded
// rows, filtered, sorted and paged here; what a person changes is changed in memory alone.
// Long because each command is a few lines and they share their rows.
import type {
  ArtifactRow,
  ComponentRow,
  ConsentEntry,
  CoveragePage,
  DraftView,
  ExceptionList,
  LicenseRow,
  RegistryDraftView,
  ReportList,
  RegistryVersions,
  RegistryView,
  SecretRow,
  TreeNode,
  VulnerabilityRow,
} from '../bindings/more';
import type { StoredEvent, VulnSeverity } from '../bindings/types';
import { Refusal } from './backend';
import { hostileRows } from './memoryHostile';
import { manyComponents, manyTree } from './memoryMany5000';
import { missing, type Recorded } from './recording';

type Asked = Record<string, unknown>;
type Heard = ((message: unknown) => void) | undefined;

const GRADES: readonly VulnSeverity[] = [
  'CRITICAL',
  'HIGH',
  'UNSCORED',
  'MEDIUM',
  'LOW',
  'NONE',
  'INFORMATIONAL',
];
const grade = (one: VulnSeverity | null) => (one === null ? 99 : GRADES.indexOf(one));

export function moreDesk(recorded: ReadonlyMap<string, Recorded>, wanted: URLSearchParams) {
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- a recording is what its name says
  const answer = <A>(name: string): A | undefined =>
    recorded.get(name)?.[0]?.answer as A | undefined;
  const none = wanted.has('clean') || wanted.has('first');
  const many = Number(wanted.get('rows') ?? '0');
  const hostile = wanted.has('hostile') ? hostileRows() : undefined;
  const list = <Row>(name: string): Row[] =>
    none ? [] : structuredClone(answer<{ items: Row[] }>(name)?.items ?? []);

  const components = many > 0 && !none ? manyComponents(many) : list<ComponentRow>('components');
  const tree = many > 0 && !none ? manyTree(many) : undefined;
  const vulnerabilities = [
    ...(hostile?.vulnerabilities ?? []),
    ...list<VulnerabilityRow>('vulnerabilities'),
  ];
  const secrets = [...(hostile?.secrets ?? []), ...list<SecretRow>('secrets')];
  const licenses = [...(hostile?.licenses ?? []), ...list<LicenseRow>('licenses')];
  const events = [...list<StoredEvent>('events')].sort((a, b) => b.seq - a.seq);
  const artifacts = list<ArtifactRow>('artifacts');
  const consents = none ? [] : structuredClone(answer<ConsentEntry[]>('consents') ?? []);
  const exceptions = structuredClone(
    answer<ExceptionList>('exceptions') ?? { schema_version: 'el-1.0', documents: [] },
  );
  if (none) exceptions.documents = [];
  for (const one of hostile?.exceptions ?? []) exceptions.documents[0]?.exceptions.unshift(one);
  const drafts = new Map<string, DraftView>();
  let registry = structuredClone(answer<RegistryView>('registry_view'));
  let draft = structuredClone(answer<RegistryDraftView>('registry_draft') ?? null);
  const versions = structuredClone(answer<RegistryVersions>('registry_versions'));
  let draftAsks = 0;
  let recordedSince = 0;
  if (wanted.has('nodraft') || none) draft = null;
  if (hostile !== undefined && draft !== null) hostile.registry(draft);

  const hold = (view: DraftView): DraftView => {
    const made = { ...view, draft_id: `draft-${drafts.size + 1}` };
    drafts.set(made.draft_id, made);
    return made;
  };
  const drafted = (name: string, asked: Asked): DraftView => {
    const recordedDraft = answer<DraftView>(name);
    if (recordedDraft === undefined) throw missing(name);
    const view = structuredClone(recordedDraft);
    const acceptance = (asked['acceptance'] ?? asked) as Asked;
    for (const one of view.exceptions) {
      if (typeof acceptance['reason'] === 'string') one.reason = acceptance['reason'];
      if (typeof acceptance['owner'] === 'string') one.owner = acceptance['owner'];
    }
    return hold(view);
  };
  const job = (heard: Heard, line: string, phases: readonly string[]) => {
    heard?.({ news: 'batch', elapsed_ms: 0, steps: [{ step: 'begun', line }] });
    phases.forEach((phase, index) =>
      setTimeout(
        () =>
          heard?.({
            news: 'batch',
            elapsed_ms: (index + 1) * 300,
            steps: [{ step: 'phase', line, phase }],
          }),
        (index + 1) * 300,
      ),
    );
    const end = (phases.length + 1) * 300;
    if (wanted.has('hold')) return;
    setTimeout(() => heard?.({ news: 'finished', elapsed_ms: end, outcome: { end: 'done' } }), end);
  };

  return {
    reports: (asked: Asked) => {
      const known = answer<ReportList>('reports');
      if (known === undefined || !known.run_id.startsWith(String(asked['run_id'])))
        throw missing('reports');
      if (none) return { ...known, reports: [], absent: ['no job left a report'] };
      if (many === 0) return known;
      const reports = known.reports.map((one) =>
        one.kind === 'components' ? { ...one, findings: many } : one,
      );
      return { ...known, reports };
    },
    vulnerabilities: (asked: Asked) => {
      const found = vulnerabilities.filter(words(asked));
      const sort = asked['sort'];
      if (sort === 'package') found.sort((a, b) => a.package.name.localeCompare(b.package.name));
      else if (sort === 'id') found.sort((a, b) => a.id.localeCompare(b.id));
      else found.sort((a, b) => grade(a.severity) - grade(b.severity));
      return page(found, asked);
    },
    components: (asked: Asked) => {
      const found = components.filter(words(asked));
      const sort = asked['sort'];
      if (sort === 'dependents') found.sort((a, b) => b.dependents - a.dependents);
      else if (sort === 'severity') found.sort((a, b) => grade(a.worst) - grade(b.worst));
      else if (sort === 'ecosystem')
        found.sort((a, b) => a.component.ecosystem.localeCompare(b.component.ecosystem));
      return page(found, asked);
    },
    dependency_tree: (asked: Asked) => {
      if (none) return { items: [], next: null };
      const parent = (asked['parent'] ?? null) as string | null;
      if (tree !== undefined) return page(tree(parent), asked);
      const found = recorded
        .get('dependency_tree')
        ?.find((one) => ((one.question as Asked)['parent'] ?? null) === parent);
      return page((found?.answer as { items: TreeNode[] } | undefined)?.items ?? [], asked);
    },
    license_groups: (asked: Asked) => {
      const groups = new Map<string | null, number>();
      for (const one of licenses) groups.set(one.concluded, (groups.get(one.concluded) ?? 0) + 1);
      const rows = [...groups].map(([expression, count]) => ({ expression, count }));
      rows.sort(
        (a, b) =>
          Number(a.expression !== null) - Number(b.expression !== null) || b.count - a.count,
      );
      return page(rows.filter(words(asked)), asked);
    },
    licenses: (asked: Asked) => {
      const under = (asked['under'] ?? { which: 'any' }) as { which: string; expression?: string };
      const found = licenses.filter(
        (one) =>
          under.which === 'any' ||
          (under.which === 'unknown' ? one.concluded === null : one.concluded === under.expression),
      );
      return page(found.filter(words(asked)), asked);
    },
    secrets: (asked: Asked) => page(secrets.filter(words(asked)), asked),
    coverage: (asked: Asked) => {
      const known = answer<CoveragePage>('coverage');
      if (known === undefined) throw missing('coverage');
      const states = (asked['states'] ?? []) as string[];
      const items = known.items.filter(
        (one) =>
          (asked['job'] === undefined || asked['job'] === null || one.job === asked['job']) &&
          (states.length === 0 || states.includes(one.state)),
      );
      return { ...known, ...page(items.filter(words(asked)), asked) };
    },
    close_report: () => null,
    exceptions: () => structuredClone(exceptions),
    proposals: () => (none ? [] : (answer('proposals') ?? [])),
    draft_exception: (asked: Asked) => drafted('draft_exception', asked),
    draft_renewal: (asked: Asked) => drafted('draft_renewal', asked),
    draft_baseline: (asked: Asked) => drafted('draft_baseline', asked),
    save_draft: (asked: Asked) => {
      const id = String(asked['draft_id']);
      const view = drafts.get(id);
      if (view === undefined) throw missing('save_draft');
      drafts.delete(id);
      const document = exceptions.documents[0];
      for (const exception of view.exceptions) {
        const before = document?.exceptions.find((one) => one.exception.id === exception.id);
        if (before !== undefined) before.exception = exception;
        else document?.exceptions.push({ exception, state: 'live', days_left: 30, last_use: null });
      }
      return {
        schema_version: 'xc-1.0',
        change: view.change,
        document_id: document?.document_id ?? '',
        place: document?.place,
        sha256: '0'.repeat(64),
        before: null,
        exceptions: view.exceptions,
        impact: view.impact,
      };
    },
    decline_draft: (asked: Asked) => {
      drafts.delete(String(asked['draft_id']));
      return null;
    },
    revoke_exception: (asked: Asked) => {
      const out = [];
      for (const document of exceptions.documents) {
        out.push(...document.exceptions.filter((one) => one.exception.id === asked['id']));
        document.exceptions = document.exceptions.filter((one) => one.exception.id !== asked['id']);
      }
      return {
        schema_version: 'xc-1.0',
        change: 'revoked',
        document_id: exceptions.documents[0]?.document_id ?? '',
        place: exceptions.documents[0]?.place,
        sha256: '0'.repeat(64),
        before: null,
        exceptions: out.map((one) => one.exception),
        impact: null,
      };
    },
    registry_view: () => {
      if (registry === undefined) throw missing('registry_view');
      return registry;
    },
    registry_version: (asked: Asked) => {
      if (registry === undefined || asked['version'] !== registry.capability_registry_version)
        throw missing('registry_version');
      return { ...registry, source: `version ${registry.capability_registry_version}` };
    },
    registry_draft: () => {
      draftAsks += 1;
      const after = wanted.get('redraft');
      // `?redraft=2`: from the third question on there is another draft.
      if (draft !== null && after !== null && draftAsks > Number(after)) {
        draft = { ...draft, diff_sha256: 'f'.repeat(64), review: { state: 'open' } };
      }
      return draft;
    },
    review_registry: (asked: Asked) => {
      if (draft === null || asked['diff_sha256'] !== draft.diff_sha256) {
        throw new Refusal({
          code: 'MEX-REGISTRY-STALE',
          message: 'the review is of another diff than there is now',
          hint: 'read the diff again',
        });
      }
      const review_sha256 = 'a'.repeat(64);
      const signed = asked['signed'] as { reviewer: string } | null | undefined;
      const reviewer_id = signed?.reviewer ?? 'operator';
      const approved = asked['decision'] === 'approve';
      draft = {
        ...draft,
        review: approved
          ? { state: 'approved', reviewer_id, review_sha256 }
          : { state: 'rejected', reviewer_id, comment: String(asked['comment']) },
      };
      const next = draft.diff.next.capability_registry_version;
      return { job_id: 'job', review_sha256, next_version: approved ? next : null };
    },
    publish_registry: () => {
      if (draft === null || registry === undefined || versions === undefined)
        throw missing('publish_registry');
      const previous = registry.capability_registry_version;
      const version = draft.diff.next.capability_registry_version;
      registry = { ...registry, capability_registry_version: version, source: 'published' };
      versions.in_force = version;
      for (const one of versions.versions) one.in_force = false;
      versions.versions.unshift({
        capability_registry_version: version,
        registry_sha256: draft.diff.next.registry_sha256,
        in_force: true,
        state: { state: 'intact' },
        how: 'reviewed',
        published_at: new Date().toISOString(),
        published_by: 'operator',
        diff_sha256: draft.diff_sha256,
        review_sha256: 'a'.repeat(64),
      });
      const outcome = {
        job_id: 'job',
        capability_registry_version: version,
        registry_sha256: draft.diff.next.registry_sha256,
        profiles_sha256: draft.diff.next.profiles_sha256,
        previous_version: previous,
        how: 'reviewed',
        event_id: 'event',
        public_key: versions.public_key,
        path: 'capability_registry/assets/capability_registry.json',
      };
      draft = null;
      return outcome;
    },
    registry_versions: () => {
      if (versions === undefined) throw missing('registry_versions');
      return structuredClone(versions);
    },
    events: (asked: Asked) => {
      const found = events.filter(narrowed((asked['filter'] ?? {}) as Asked));
      if (asked['order'] === 'oldest') found.reverse();
      return page(found, asked);
    },
    event: (asked: Asked) => {
      const id = String(asked['id']);
      const found = events.find((one) => id !== '' && one.event.event_id.startsWith(id));
      if (found === undefined) throw missing('event');
      return found;
    },
    tail: (asked: Asked) => {
      // A draft that changes is something that was recorded.
      if (wanted.has('redraft')) recordedSince += 1;
      const end = (events[0]?.seq ?? 0) + recordedSince;
      const after = asked['after_seq'];
      const came =
        typeof after === 'number' ? events.filter((one) => one.seq > after).reverse() : [];
      return { events: came, through_seq: end, more: false };
    },
    // Where nothing is on record but scans were made, they are still listed.
    scans: (asked: Asked) =>
      page(wanted.has('first') ? [] : (answer<{ items: unknown[] }>('scans')?.items ?? []), asked),
    artifacts: (asked: Asked) =>
      page(
        artifacts.filter(
          (one) =>
            fits(asked['run'], one.run_id) &&
            fits(asked['op'], one.op_id) &&
            (typeof asked['role'] !== 'string' || one.handle.role === asked['role']),
        ),
        asked,
      ),
    import_report: (asked: Asked) => {
      const known = recorded.get('import_report') ?? [];
      const name = String(asked['dropped']).replace(/^.*\./, '');
      const refused = known.find((one) => one.refusal !== undefined)?.refusal;
      if (name === 'png' && refused !== undefined) throw new Refusal(refused);
      const taken = known.find((one) => one.refusal === undefined);
      if (taken === undefined) throw missing('import_report');
      return taken.answer;
    },
    save_review_payload: () => ({
      path: '/srv/review/review-to-sign',
      command: 'ssh-keygen -Y sign -n mex-registry-review@v1 -f KEY /srv/review/review-to-sign',
    }),
    verify_artifact: () => answer('verify_artifact') ?? { intact: 1, damaged: [] },
    save_artifact: (asked: Asked) => ({
      path: `/home/operator/${String(asked['id']).slice(0, 12)}`,
    }),
    tools: () => structuredClone(answer('tools') ?? []),
    databases: () => (none ? [] : (answer('databases') ?? [])),
    install_tools: (_: Asked, heard: Heard) => {
      job(heard, 'gitleaks', ['fetching', 'building', 'checking the digest']);
      return null;
    },
    sync_databases: (_: Asked, heard: Heard) => {
      if (!consents.some((one) => one.capability_id === 'net.http' && one.state === 'live')) {
        throw new Refusal({
          code: 'MEX-CAP-CONSENT',
          message: '`net.http` needs a live consent and there is none',
          hint: 'grant one for the hours you need',
        });
      }
      job(heard, 'crates.io', ['fetching', 'reading', 'storing']);
      return null;
    },
    import_database: () => null,
    running_chores: () => [],
    attach_chore: () => null,
    cancel_chore: () => ({ stopping: true }),
    consents: () => structuredClone(consents),
    grant_consent: (asked: Asked) => {
      const made: ConsentEntry = {
        consent_id: `01a20100-0000-7000-8000-00000000000${consents.length}`,
        capability_id: String(asked['capability']),
        profile_id: (asked['profile'] ?? null) as string | null,
        granted_at: new Date().toISOString(),
        granted_by: 'operator',
        expires_at: new Date(Date.now() + Number(asked['hours']) * 3_600_000).toISOString(),
        reason: String(asked['reason']),
        state: 'live',
      };
      consents.unshift(made);
      return made;
    },
    revoke_consent: (asked: Asked) => {
      const found = consents.find((one) => one.consent_id === asked['id']);
      if (found === undefined) throw missing('revoke_consent');
      found.state = 'revoked';
      return found;
    },
  };
}

function page<Row>(rows: readonly Row[], asked: Asked): { items: Row[]; next: string | null } {
  const from = Number(asked['after'] ?? '0');
  const to = from + Math.min(500, Number(asked['limit'] ?? 100));
  return { items: rows.slice(from, to), next: to < rows.length ? String(to) : null };
}

/** Every word of the query stands somewhere in the row. */
function words(asked: Asked): (row: unknown) => boolean {
  const query = asked['query'];
  const all = typeof query === 'string' ? query.toLowerCase().split(/\s+/).filter(Boolean) : [];
  if (all.length === 0) return () => true;
  return (row) => {
    const text = JSON.stringify(row).toLowerCase();
    return all.every((word) => text.includes(word));
  };
}

function fits(wanted: unknown, is: unknown): boolean {
  return typeof wanted !== 'string' || (typeof is === 'string' && is.startsWith(wanted));
}

function narrowed(filter: Asked): (stored: StoredEvent) => boolean {
  return ({ event }) => {
    const payload: Record<string, unknown> = { ...event.payload };
    const kind = payload['kind'] ?? payload['action'] ?? payload['change'];
    const type = filter['event_type'];
    if (typeof type === 'string' && event.event_type !== type) return false;
    return (
      fits(filter['kind'], kind) &&
      fits(filter['job'], event.job_id) &&
      fits(filter['run'], event.workflow_run_id) &&
      fits(filter['op'], payload['op_id']) &&
      fits(filter['capability'], payload['capability_id'])
    );
  };
}
