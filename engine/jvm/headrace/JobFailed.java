package headrace;

import org.apache.flink.runtime.execution.SuppressRestartsException;

/** The job cannot go on; the message is for the user. */
public final class JobFailed extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private JobFailed(String message) {
    super(message, null, false, false);
  }

  /** What to throw so that Flink stops the job and does not start it again. */
  static SuppressRestartsException forGood(String message) {
    return new SuppressRestartsException(new JobFailed(message));
  }
}
