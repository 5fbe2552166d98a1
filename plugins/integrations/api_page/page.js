// Shows the description that the page names. Whatever an address says beside that is not read.
const place = document.getElementById("api");
if (place) {
  SwaggerUIBundle({
    domNode: place,
    url: place.dataset.description,
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: place.dataset.expansion,
    filter: true,
    queryConfigEnabled: false,
    // It would send the description to a service on the network.
    validatorUrl: null,
  });
}
