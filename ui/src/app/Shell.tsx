import { useCallback, useState } from 'react';
import { useAction } from '../shared/actions';
import { useKeptPath } from '../shared/kept';
import { Palette } from '../shared/Palette';
import { to } from '../shared/paths';
import { go, goBack, goForward, pathOf, useRoute } from '../shared/route';
import { ShortcutHelp } from '../shared/ShortcutHelp';
import { Untrusted } from '../shared/Untrusted';
import { Caught } from './Caught';
import { Nav } from './Nav';
import { News } from './News';
import { type Place, PLACES, screenAt } from './screens';
import { StatusBar } from './StatusBar';
import { TopBar } from './TopBar';
import styles from './Shell.module.css';

/** The frame around every screen: navigation, the bar above, the bar below, the palette. */
export function Shell({ damage }: { damage: string | null }) {
  const route = useRoute();
  useKeptPath();
  const [open, setOpen] = useState<'palette' | 'shortcuts' | null>(null);
  useAction({
    title: 'Find, go or do',
    group: 'Window',
    keys: '$mod+KeyK',
    whileTyping: true,
    run: () => setOpen('palette'),
  });
  useAction({
    title: 'Show keyboard shortcuts',
    group: 'Window',
    keys: 'Shift+?',
    run: () => setOpen('shortcuts'),
  });
  useAction({ title: 'Back', group: 'Window', keys: 'Alt+ArrowLeft', run: goBack });
  useAction({ title: 'Forward', group: 'Window', keys: 'Alt+ArrowRight', run: goForward });
  const find = useCallback((typed: string) => {
    const text = typed.trim();
    if (text === '') return [];
    const problems = {
      title: `Problems with “${text}”`,
      group: 'Find',
      run: () => go(to.problems(text)),
    };
    const link = {
      title: `Open ${text}`,
      group: 'Find',
      run: () => go(pathOf('link', [], { uri: text })),
    };
    return text.startsWith('mex://') ? [link] : text.length > 2 ? [problems] : [];
  }, []);
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main" onClick={skip}>
        Skip to the screen
      </a>
      <Nav />
      <div className={styles.right}>
        <TopBar onFind={() => setOpen('palette')} onHelp={() => setOpen('shortcuts')} />
        {damage !== null && (
          <p className={styles.damage} role="alert">
            Your settings could not be read and the defaults are in force:{' '}
            <Untrusted text={damage} />
          </p>
        )}
        <Caught name={route.path}>{screenAt(route)}</Caught>
        <StatusBar />
      </div>
      {PLACES.map((place) => (
        <GoTo key={place.screen} place={place} />
      ))}
      <News />
      {open === 'palette' && <Palette onClose={() => setOpen(null)} find={find} />}
      {open === 'shortcuts' && <ShortcutHelp onClose={() => setOpen(null)} />}
    </div>
  );
}

/** The address stays what it is: it names the screen. */
function skip(event: { preventDefault: () => void }) {
  event.preventDefault();
  const main = document.getElementById('main');
  main?.setAttribute('tabindex', '-1');
  main?.focus();
}

function GoTo({ place }: { place: Place }) {
  useAction({
    title: place.title,
    group: 'Go to',
    keys: place.keys,
    run: () => go(pathOf(place.screen)),
  });
  return null;
}
