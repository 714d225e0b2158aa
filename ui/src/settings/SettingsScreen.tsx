import { useEffect, useState } from 'react';
import type { EditorChoice, PreferencesState, Theme } from '../bindings/desk';
import { useAsk, useTell } from '../backend/use';
import { Answer } from '../shared/Answer';
import { Button } from '../shared/Button';
import { Code } from '../shared/Code';
import { Select, TextField } from '../shared/Field';
import { Id } from '../shared/Id';
import { KeyValues } from '../shared/KeyValues';
import { Link } from '../shared/Link';
import { to } from '../shared/paths';
import { useAction } from '../shared/actions';
import { Screen, Section } from '../shared/Screen';
import { useToast } from '../shared/Toasts';
import { TroubleView } from '../shared/TroubleView';
import { Untrusted } from '../shared/Untrusted';
import { Word } from '../shared/Word';
import { EDITORS, example } from './editors';
import styles from './Settings.module.css';

const THEMES: readonly (readonly [Theme, string, string])[] = [
  ['system', 'System', 'as the desktop'],
  ['light', 'Light', ''],
  ['dark', 'Dark', ''],
  ['contrast', 'High contrast', 'as the desktop'],
];

/** What a person sets up for this window, and what is in force around it. */
export function SettingsScreen() {
  const preferences = useAsk('preferences', undefined);
  return (
    <Screen title="Settings">
      <Answer of={preferences}>
        {(state) => (
          <>
            <Appearance state={state} />
            <EditorPart state={state} />
            <Retention state={state} />
          </>
        )}
      </Answer>
      <Policy />
      <About />
    </Screen>
  );
}

function Appearance({ state }: { state: PreferencesState }) {
  const save = useTell('savePreferences', ['preferences']);
  const set = (theme: Theme) => save.mutate({ theme });
  const group = 'Settings';
  useAction({ title: 'Theme: system', group, run: () => set('system') });
  useAction({ title: 'Theme: light', group, run: () => set('light') });
  useAction({ title: 'Theme: dark', group, run: () => set('dark') });
  useAction({ title: 'Theme: high contrast', group, run: () => set('contrast') });
  return (
    <Section title="Appearance" note="reduced motion follows the desktop">
      {save.isError && <TroubleView refusal={save.error} />}
      <div className={styles.themes} role="radiogroup" aria-label="Theme">
        {THEMES.map(([theme, word, hint]) => (
          <label key={theme} className={styles.theme}>
            <input
              type="radio"
              name="theme"
              checked={state.preferences.theme === theme}
              onChange={() => set(theme)}
            />
            <span>
              {word}
              {hint !== '' && <span className={styles.hint}> {hint}</span>}
            </span>
          </label>
        ))}
      </div>
    </Section>
  );
}

function EditorPart({ state }: { state: PreferencesState }) {
  const save = useTell('savePreferences', ['preferences']);
  const toast = useToast();
  const { editor, own_editor: own } = state.preferences;
  const put = (choice: EditorChoice) =>
    save.mutate(
      { editor: choice },
      { onSuccess: () => toast({ text: 'The editor is set', seconds: 3 }) },
    );
  return (
    <Section title="Editor" note="opens the file of a finding at its line">
      {save.isError && <TroubleView refusal={save.error} />}
      <Select
        label="Editor"
        value={editor}
        onChange={(event) => {
          const found = EDITORS.find(([choice]) => choice === event.target.value);
          if (found !== undefined) put(found[0]);
        }}
      >
        {EDITORS.filter(([choice]) => choice !== 'own' || own.length > 0).map(([choice, name]) => (
          <option key={choice} value={choice}>
            {name}
          </option>
        ))}
      </Select>
      {editor === 'own' && own.length > 0 && (
        <p className={styles.example}>
          <Untrusted text={example(own)} mono />
        </p>
      )}
      <p className={styles.hint}>
        Another program is named in the file of the preferences, as own_editor: a page may not name
        what is started.
      </p>
    </Section>
  );
}

function Retention({ state }: { state: PreferencesState }) {
  const save = useTell('savePreferences', ['preferences']);
  const toast = useToast();
  const [days, setDays] = useState(String(state.retention_days));
  useEffect(() => setDays(String(state.retention_days)), [state.retention_days]);
  const asked = Number(days);
  const wrong =
    Number.isInteger(asked) && asked >= 1 && asked <= 36_500
      ? undefined
      : 'Give whole days, 1 to 36500.';
  const shorter = wrong === undefined && asked < state.retention_days;
  const put = () => {
    if (wrong !== undefined || asked === state.retention_days) return;
    save.mutate(
      { retention_days: asked },
      { onSuccess: () => toast({ text: 'The retention is set and recorded', seconds: 3 }) },
    );
  };
  return (
    <Section title="Retention" note="of the Flight Recorder; the change is itself an event">
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          put();
        }}
      >
        {save.isError && <TroubleView refusal={save.error} />}
        <TextField
          label="Days that events are kept"
          type="number"
          min={1}
          max={36_500}
          value={days}
          wrong={wrong}
          hint={
            shorter
              ? `Events older than ${asked} days go at the next purge, and the evidence only they name with them. Nothing goes now.`
              : 'What is purged leaves its digests in the chain: it stays verifiable, and says that it is gone.'
          }
          onChange={(event) => setDays(event.target.value)}
        />
        <div className={styles.row}>
          <Button
            look="primary"
            disabled={wrong !== undefined || asked === state.retention_days || save.isPending}
            onClick={put}
          >
            Save the retention
          </Button>
        </div>
      </form>
    </Section>
  );
}

/** The policy the newest scan was judged by. A policy is a file somebody names, never one of the tree. */
function Policy() {
  const scans = useAsk('scans', { limit: 1 });
  const scan = scans.data?.items[0];
  const handle = scan?.policy_ref ?? null;
  const text = useAsk('artifact', { id: handle?.sha256 ?? '' }, { off: handle === null });
  return (
    <Section title="Policy" note="what the newest scan was judged by">
      {scans.isError && <TroubleView refusal={scans.error} again={() => void scans.refetch()} />}
      {scan === undefined || handle === null ? (
        <p className={styles.hint}>
          {scans.data === undefined
            ? ''
            : 'No scan has been judged here yet. The default policy applies where none is named.'}
        </p>
      ) : (
        <>
          <KeyValues
            rows={[
              [
                'Scan',
                <Link key="scan" to={to.scan(scan.run_id)}>
                  of {scan.project}
                </Link>,
              ],
              [
                'Document',
                <Id key="id" id={handle.sha256} what="policy" to={to.artifact(handle.sha256)} />,
              ],
              ['To use another', 'copy it, change it, and name the copy when a scan is started'],
            ]}
          />
          <Answer of={text} lines={4}>
            {(artifact) =>
              artifact.text === null ? (
                <p className={styles.hint}>Its text is {artifact.state}.</p>
              ) : (
                <Code text={artifact.text} label="policy" numbers />
              )
            }
          </Answer>
        </>
      )}
    </Section>
  );
}

function About() {
  const state = useAsk('openState', undefined);
  return (
    <Section title="About">
      <Answer of={state}>
        {(open) => (
          <KeyValues
            rows={[
              ['mex', open.version],
              ['You are', <Untrusted key="actor" text={open.actor} />],
              ['Data folder', <Untrusted key="data" text={open.data_dir} mono />],
              ['Tools folder', <Untrusted key="tools" text={open.tools_dir} mono />],
              [
                'Registry',
                <Link key="registry" to={to.registry()}>
                  {open.registry_version}, {open.registry_source}
                </Link>,
              ],
              [
                'Sandbox',
                open.sandbox === null ? (
                  'not probed yet: the first scan does'
                ) : (
                  <span key="sandbox" className={styles.row}>
                    <Word
                      tone={open.sandbox.level === 'namespaced' ? 'pass' : 'incomplete'}
                      size="s"
                    >
                      {open.sandbox.level}
                    </Word>
                    <Untrusted text={open.sandbox.reason} />
                  </span>
                ),
              ],
              ['Licence', 'Apache-2.0'],
            ]}
          />
        )}
      </Answer>
    </Section>
  );
}
