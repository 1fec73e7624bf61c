package headrace;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which chunk of its tables a run reads: the next one when all tables were read up to the end of theirs, and a checkpoint holds
 * what follows from that. Shared by all tasks of a run, in one JVM, and not restored with them.
 */
public final class Turns {
  private static final Map<String, Turns> RUNS = new ConcurrentHashMap<>();

  private final int tables;
  private final Set<String> waiting = new HashSet<>(), settled = new HashSet<>(), crashing = new HashSet<>();
  private int chunk;
  private int life;

  private Turns(int tables) {
    this.tables = tables;
  }

  /** A run of so many tables. */
  public static void begin(String run, int tables) {
    RUNS.put(run, new Turns(tables));
  }

  public static void end(String run) {
    RUNS.remove(run);
  }

  static Turns of(String run) {
    return RUNS.get(run);
  }

  static Turns alone() {
    return new Turns(1);
  }

  synchronized int chunk() {
    return chunk;
  }

  /** How often the run has crashed; what a task of an earlier life says does not count. */
  synchronized int life() {
    return life;
  }

  /** A table was read up to the end of a chunk. */
  synchronized void waits(int life, String table, int chunk) {
    if (life == this.life && chunk == this.chunk) waiting.add(table);
  }

  synchronized boolean allWait() {
    return waiting.size() == tables;
  }

  /** A checkpoint holds what follows from a chunk of a table. */
  synchronized void settled(int life, String table, int chunk) {
    if (life != this.life || chunk != this.chunk || isCrashDue()) return;
    settled.add(table);
    if (settled.size() < tables) return;
    this.chunk++;
    begin();
  }

  synchronized void crashIsDue(String table) {
    crashing.add(table);
  }

  synchronized boolean isCrashDue() {
    return !crashing.isEmpty();
  }

  /** Whether the run crashes now, by this table. */
  synchronized boolean crashes(String table) {
    if (!crashing.contains(table)) return false;
    crashing.clear();
    life++;
    begin();
    return true;
  }

  private void begin() {
    waiting.clear();
    settled.clear();
  }
}
