import styles from "./TryIt.module.css";

const EXAMPLES = [
  { name: "a cup of coffee", file: "coffee.jpg" },
  { name: "a cat", file: "cat.jpg" },
  { name: "a handwritten digit", file: "digit.jpg" },
];

/** Pictures to try the model with, for who has none at hand. */
export function Examples({ take }: { take: (file: File) => void }) {
  const choose = async (name: string) => {
    const response = await fetch(`/examples/${name}`);
    take(new File([await response.blob()], name, { type: "image/jpeg" }));
  };
  return (
    <>
      <p className={styles.or}>Or one of these:</p>
      <ul className={styles.examples} aria-label="Examples">
        {EXAMPLES.map(({ name, file }) => (
          <li key={file}>
            <button type="button" aria-label={`Try ${name}`} title={`Try ${name}`} onClick={() => void choose(file)}>
              <img src={`/examples/${file}`} alt="" loading="lazy" />
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
