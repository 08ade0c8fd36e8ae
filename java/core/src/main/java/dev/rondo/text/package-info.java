/** Language models over characters: vocabulary, training, scoring, generation. */
package dev.rondo.text;
