import type { UseQueryResult } from '@tanstack/react-query';
import type { FolderView } from '../bindings/desk';
import type { Refusal } from '../backend/backend';
import { Icon } from '../shared/Icon';
import { Sentence } from '../shared/Sentence';
import { Untrusted } from '../shared/Untrusted';
import styles from './Folder.module.css';

/** What stands in the chosen folder, or why it cannot be scanned. */
export function Folder({
  path,
  view,
}: {
  path: string;
  view: UseQueryResult<FolderView, Refusal>;
}) {
  if (path === '') return <p className={styles.line}>Choose the folder that holds the project.</p>;
  if (view.isError) {
    return (
      <p className={styles.wrong} role="alert">
        <Icon name="alert" size="s" />
        <span>
          <Sentence text={view.error.message} capital />
        </span>
      </p>
    );
  }
  if (view.data === undefined) return <p className={styles.line}>Looking…</p>;
  const { exists, problem, lockfiles } = view.data;
  if (!exists || problem !== '') {
    return (
      <p className={styles.wrong} role="alert">
        <Icon name="alert" size="s" />
        <span>
          <Sentence text={problem === '' ? 'this folder is not there' : problem} capital />
        </span>
      </p>
    );
  }
  return (
    <p className={styles.line}>
      <Icon name="check" size="s" />
      {lockfiles.length === 0 ? (
        'No lockfile in its top folder; folders below it are read too.'
      ) : (
        <span>
          In its top folder:{' '}
          {lockfiles.map((file) => (
            <code key={file} className={styles.file}>
              <Untrusted text={file} />
            </code>
          ))}
        </span>
      )}
    </p>
  );
}
