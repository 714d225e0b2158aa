import { Component, type ReactNode } from 'react';
import { Refusal } from '../backend/backend';
import { TroubleView } from '../shared/TroubleView';
import styles from './Unopened.module.css';

/** A screen that failed while it was drawn is said and never left blank. */
export class Caught extends Component<
  { children: ReactNode; name?: string },
  { refusal: Refusal | null }
> {
  override state: { refusal: Refusal | null } = { refusal: null };

  static getDerivedStateFromError(thrown: unknown) {
    return { refusal: Refusal.of(thrown) };
  }

  override componentDidUpdate(before: { name?: string }) {
    if (before.name !== this.props.name && this.state.refusal !== null)
      this.setState({ refusal: null });
  }

  override render() {
    if (this.state.refusal === null) return this.props.children;
    return (
      <main className={styles.middle}>
        <h1 className={styles.name}>mex</h1>
        <TroubleView refusal={this.state.refusal} again={() => this.setState({ refusal: null })} />
      </main>
    );
  }
}
