import type { LayerPlan } from "./layer-plan.ts";

/** What makes layers of one language. */
export interface Installer {
  /**
   * Everything of this machine that decides what comes out: interpreter, installer, registry. Found out once.
   * @throws `preparation_failed` when something is missing that an installation needs
   */
  identity(): Promise<string>;
  /**
   * Makes `draft` a layer.
   * @throws `preparation_failed` with what failed; the signal's reason
   */
  install(plan: LayerPlan, draft: string, options: InstallOptions): Promise<void>;
}

export interface InstallOptions {
  /** The unpacked bundle. */
  projectDirectory: string;
  signal: AbortSignal;
  onProgress(text: string): void;
}
