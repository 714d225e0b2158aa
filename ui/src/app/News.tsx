// What the host tells unasked: a link, a folder or file dropped on the window, somebody wants to leave.
import { useEffect, useEffectEvent, useState } from 'react';
import type { HostNews } from '../bindings/desk';
import { Refusal } from '../backend/backend';
import { useBackend } from '../backend/use';
import { Button } from '../shared/Button';
import { Dialog } from '../shared/Dialog';
import { counted } from '../shared/format';
import { useTakeIn } from '../shared/Imports';
import { linkPath } from '../shared/link';
import { go, pathOf, useRoute } from '../shared/route';
import { useToast } from '../shared/Toasts';
import { visible } from '../shared/untrusted';

const CAN_BE_DROPPED =
  'This cannot be dropped here. Drop a project folder to scan it, or a report of another tool (SARIF, CycloneDX, OpenVEX) to take it in.';

export function News() {
  const backend = useBackend();
  const takeIn = useTakeIn();
  const toast = useToast();
  const route = useRoute();
  const [leaving, setLeaving] = useState<readonly string[] | null>(null);
  const follow = useEffectEvent((uri: string) => {
    backend.resolveLink({ uri }).then(
      (target) => go(linkPath(target)),
      (thrown: unknown) => go(pathOf('lost', [], { uri, why: Refusal.of(thrown).message })),
    );
  });
  const heard = useEffectEvent((news: HostNews) => {
    switch (news.news) {
      case 'open':
        if (news.wanted.kind === 'link') follow(news.wanted.uri);
        else go(pathOf('home', [], { project: news.wanted.path }));
        break;
      case 'dropped': {
        const folder = news.items.find((item) => item.kind === 'folder');
        const files = news.items.filter((item) => item.kind === 'file');
        if (folder !== undefined) go(pathOf('home', [], { project: folder.path }));
        else if (files.length > 0) takeIn(files.map((file) => file.path));
        else toast({ text: CAN_BE_DROPPED, seconds: 10 });
        break;
      }
      case 'quit_asked':
        setLeaving(news.running);
        break;
    }
  });
  useEffect(() => {
    backend.listen(heard).catch(() => undefined);
  }, [backend]);
  const asked = route.screen === 'link' ? (route.query.get('uri') ?? '') : null;
  useEffect(() => {
    if (asked !== null) follow(asked);
  }, [asked]);
  if (leaving === null) return null;
  return (
    <Dialog
      title="A scan is still running"
      onClose={() => setLeaving(null)}
      onSubmit={() => setLeaving(null)}
      foot={
        <>
          <Button look="danger" onClick={() => void backend.quit()}>
            Cancel it and quit
          </Button>
          <Button look="primary" onClick={() => setLeaving(null)}>
            Keep scanning
          </Button>
        </>
      }
    >
      <p>
        Quitting cancels {counted(leaving.length, 'scan')} (
        {visible(leaving.map((id) => id.slice(0, 8)).join(', '))}). What was recorded until then
        stays; there will be no verdict.
      </p>
    </Dialog>
  );
}
