export const metadata = { title: "openrouter-wasm with Next.js" };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body style={{ colorScheme: "light dark", font: "1rem/1.5 system-ui, sans-serif", maxWidth: "40rem", margin: "2rem auto" }}>{children}</body>
    </html>
  );
}
