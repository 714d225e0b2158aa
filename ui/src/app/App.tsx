import { QueryClientProvider } from '@tanstack/react-query';
import { useState } from 'react';
import type { Commands } from '../backend/backend';
import { BackendProvider, newCache, useAsk, useBackend } from '../backend/use';
import { ActionsProvider } from '../shared/actions';
import { Imports } from '../shared/Imports';
import { type Kept, Keeper, KeptProvider } from '../shared/kept';
import { LiveRegion } from '../shared/Live';
import { LiveScans } from '../shared/LiveScans';
import { swap } from '../shared/route';
import { Toasts } from '../shared/Toasts';
import { Caught } from './Caught';
import { Shell } from './Shell';
import { useTheme } from './theme';
import { Opening, Unopened } from './Unopened';

/** The whole window over one backend. */
export function App({ backend }: { backend: Commands }) {
  const [cache] = useState(newCache);
  return (
    <BackendProvider value={backend}>
      <QueryClientProvider client={cache}>
        <LiveRegion>
          <Toasts>
            <ActionsProvider>
              <Caught>
                <Opened />
              </Caught>
            </ActionsProvider>
          </Toasts>
        </LiveRegion>
      </QueryClientProvider>
    </BackendProvider>
  );
}

function keptOf(text: string): Kept {
  try {
    const kept: unknown = JSON.parse(text);
    return typeof kept === 'object' && kept !== null && !Array.isArray(kept) ? (kept as Kept) : {};
  } catch {
    // Nothing was kept, or what was is damaged: the window starts as it did the first time.
    return {};
  }
}

function Opened() {
  const state = useAsk('openState', undefined);
  // Asked of a folder that is open: what a locked one refused says nothing about the settings.
  const preferences = useAsk('preferences', undefined, { off: state.data === undefined });
  useTheme(preferences.data?.preferences.theme ?? 'system');
  // Once it is open it stays open: what is refused later is said where it is shown.
  const [begun, setBegun] = useState<{ window: string; damage: string | null } | null>(null);
  if (begun !== null) return <Kept {...begun} />;
  if (state.isError && !state.isFetching)
    return <Unopened refusal={state.error} again={() => void state.refetch()} />;
  if (state.data === undefined) return <Opening />;
  // Nothing is drawn before both are known: no flash of another theme, no layout that moves.
  if (preferences.data !== undefined) {
    setBegun({ window: preferences.data.preferences.window, damage: preferences.data.damage });
  } else if (preferences.isError) {
    // What a person set up is no reason not to open: the defaults are in force, and it is said.
    setBegun({ window: '', damage: preferences.error.message });
  }
  return null;
}

function Kept({ window, damage }: { window: string; damage: string | null }) {
  const backend = useBackend();
  const [keeper] = useState(() => {
    const kept = keptOf(window);
    // A start without an address goes on where the window was.
    const { path } = kept;
    if (location.hash === '' && typeof path === 'string') swap(path);
    return new Keeper(kept, (now) => {
      // What could not be kept is lost at the next start and nothing else.
      backend.savePreferences({ window: JSON.stringify(now) }).catch(() => undefined);
    });
  });
  return (
    <KeptProvider value={keeper}>
      <LiveScans>
        <Imports>
          <Shell damage={damage} />
        </Imports>
      </LiveScans>
    </KeptProvider>
  );
}
