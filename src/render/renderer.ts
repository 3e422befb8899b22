// A view of the event stream.
import type { DevstackEvent } from '../model/event.ts';

export interface Screen {
  write(text: string): unknown;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export interface Renderer {
  emit(event: DevstackEvent): void;
  /** Leaves the screen as it shall stay. Nothing is written after it. */
  end(): void;
}
