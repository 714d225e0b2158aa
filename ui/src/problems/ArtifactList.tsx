import type { ArtifactHandle } from '../bindings/types';
import { bytes } from '../shared/format';
import { Id } from '../shared/Id';
import { to } from '../shared/paths';
import { Untrusted } from '../shared/Untrusted';
import styles from './ArtifactList.module.css';

/** The bytes that back it, each by its digest. */
export function ArtifactList({ artifacts }: { artifacts: readonly ArtifactHandle[] }) {
  if (artifacts.length === 0) return <p className={styles.none}>No artifact backs it.</p>;
  return (
    <ul className={styles.list}>
      {artifacts.map((artifact) => (
        <li key={`${artifact.sha256} ${artifact.role}`} className={styles.artifact}>
          <Id id={artifact.sha256} what="artifact" to={to.artifact(artifact.sha256)} />
          <span className={styles.role}>
            <Untrusted text={artifact.role} />
          </span>
          <span className={styles.type}>
            <Untrusted text={artifact.media_type.replace('application/vnd.mex.', '')} />
          </span>
          <span className={styles.size}>{bytes(artifact.size_bytes)}</span>
        </li>
      ))}
    </ul>
  );
}
