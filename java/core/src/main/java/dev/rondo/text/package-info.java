/**
 * Language models over characters, bytes, words or sub-words: vocabulary, training, scoring, generation.
 *
 * <p>A null argument gives a {@link NullPointerException} that names it, unless a method says that it may be null.
 */
package dev.rondo.text;
