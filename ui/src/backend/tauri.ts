// The backend of the real window. Owns the calls to the desktop's API; the only file that makes them.
import { Channel, invoke } from '@tauri-apps/api/core';
import { commands } from '../bindings/commands';
import { Refusal } from './backend';

export const backend = commands(
  async (name, argument) => {
    try {
      return await invoke(name, argument);
    } catch (thrown) {
      throw Refusal.of(thrown);
    }
  },
  (listener) => {
    const channel = new Channel<Parameters<typeof listener>[0]>();
    channel.onmessage = listener;
    return channel;
  },
);
