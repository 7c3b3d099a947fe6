/** Everything about a project that decides what its layer will hold. */
export interface LayerPlan {
  /** Where the wish comes from, for errors and progress: `requirements.txt`. */
  manifest: string;
  /** Text of the files that the installation needs, by their path below the project. */
  files: ReadonlyMap<string, string>;
  /** The installation needs the rest of the project as well: it builds it, or runs scripts of it. */
  wholeProject: boolean;
  /** What is installed, as the installer takes it behind its options. */
  wishes: readonly string[];
}
